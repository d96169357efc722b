"""haui is killed with SIGKILL in the three worst moments; `haui resume` makes the same cluster."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import yaml

from tests.lab.conftest import KEYS
from tests.lab.lab import Lab
from tests.lab.runs import Event, HauiRun, haui


def test_killed_three_times_and_resumed(state: Path) -> None:
    """During kubeadm init, the second control-plane join and a worker join."""
    with Lab.up(control_planes=3, workers=2) as lab:
        run = HauiRun(lab, "apply", str(lab.dir / "lab.yaml"), "--yes", *KEYS, state=state)
        run.until(_output_of("control_plane.init", "[control-plane]"))
        _kill_and_look(lab, run, state)

        run = HauiRun(lab, "resume", "lab", "--yes", state=state)
        run.until(_second_join("[preflight]"))
        _kill_and_look(lab, run, state)
        _reattached(state, "control_plane.init")

        run = HauiRun(lab, "resume", "lab", "--yes", state=state)
        run.until(_output_of("workers.join", "[preflight]"))
        _kill_and_look(lab, run, state)
        _reattached(state, "control_plane.join")

        run = HauiRun(lab, "resume", "lab", "--yes", state=state)
        assert run.finish() == 0, run.talk()
        _reattached(state, "workers.join")
        _each_step_was_applied_once(lab, state)
        nodes = lab.exec("cp1", [*KUBECTL, "get", "nodes", "--no-headers"]).stdout.decode()
        assert sorted(line.split()[:2] for line in nodes.splitlines()) == [
            [name, "Ready"] for name in ("cp1", "cp2", "cp3", "wk1", "wk2")
        ]


KUBECTL = ("kubectl", "--kubeconfig", "/etc/kubernetes/admin.conf")


def _output_of(step: str, text: str) -> Callable[[Event], bool]:
    def wanted(event: Event) -> bool:
        return (
            event["kind"] == "task_output"
            and event["step"] == step
            and any(text in line for line in event["lines"])
        )

    return wanted


def _second_join(text: str) -> Callable[[Event], bool]:
    """The output of the control-plane join that comes second, whichever host that is."""
    joining: list[str] = []

    def wanted(event: Event) -> bool:
        if not _output_of("control_plane.join", text)(event):
            return False
        if event["host"] not in joining:
            joining.append(event["host"])
        return len(joining) == 2

    return wanted


def _kill_and_look(lab: Lab, run: HauiRun, state: Path) -> None:
    """Kill, then read the journal as YAML and through `haui status`: both must work."""
    run.kill()
    assert _records(state)
    code, out, err = haui(lab, "status", "lab", "--json", state=state)
    assert code == 0, err
    assert json.loads(out)["unfinished"] is True


def _reattached(state: Path, step: str) -> None:
    """What was running on a host at the kill was followed, not started again."""
    intents = [r for r in _records(state) if r["event"] == "task_intent" and r["step"] == step]
    again = [r for r in intents if r.get("reattached")]
    assert again, intents
    print(f"re-attached to {step} on {', '.join(r['host'] for r in again)}")


def _records(state: Path) -> list[Event]:
    records = yaml.safe_load((state / "lab" / "journal.yaml").read_text())
    assert isinstance(records, list)
    return records


def _each_step_was_applied_once(lab: Lab, state: Path) -> None:
    """No task has two attempts, neither in the journal nor on the hosts themselves."""
    records = _records(state)
    started = Counter(
        (r["host"], r["step"]) for r in records
        if r["event"] == "task_intent" and not r.get("reattached")
    )  # fmt: skip
    assert [task for task, times in started.items() if times > 1] == []
    for host in lab.hosts:
        listed = lab.exec(host, ["sh", "-c", "cd /var/lib/haui && ls -d */*.*"]).stdout.decode()
        attempts = Counter(line.rpartition(".")[0] for line in listed.split())
        assert attempts and max(attempts.values()) == 1, (host, attempts)

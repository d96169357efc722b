"""An install in which a worker loses its power for good: without it, and at last with it."""

from __future__ import annotations

import sys
from collections.abc import Callable

import yaml

from tests.lab import cluster_file
from tests.lab import faults_hosts as hosts
from tests.lab.faults import Fault, Part
from tests.lab.faults_checks import every_byte, nothing_twice, verified
from tests.lab.faults_hosts import output
from tests.lab.faults_scene import Scene
from tests.lab.lab import Lab
from tests.lab.runs import HAUI, environment
from tests.lab.terminal import Terminal

FAILED, STAYS = "10.77.0.22 port 22", "1 worker remains."


def single(lab: Lab) -> None:
    """One control plane is enough here."""
    file = lab.dir / "lab.yaml"
    document = yaml.safe_load(file.read_text())
    document["endpoint"] = dict(cluster_file.NO_BALANCER)
    cluster_file.write(file, document)


def waits_for(host: str) -> Callable[[Scene], str]:
    """The host failed as not reachable, others went on; the next session finished it."""

    def check(scene: Scene) -> str:
        failed, waiting, others = [], [], 0
        for _, session, event in scene.seen:
            if session or event["kind"] != "task_finished":
                continue
            if event.get("host") == host and event["outcome"] == "failed":
                failed.append(event)
            elif event["outcome"] == "skipped":
                waiting.append(f"{event['step']} on {event['host']}")
            elif event.get("host") != host and event["outcome"] == "ok":
                others += 1
        assert len(failed) == 1, failed
        problem = failed[0]["problem"]
        assert waiting and others > 10, (waiting, others)
        return (
            f"failed after {failed[0]['seconds']:.0f} s: {problem['what']} → {problem['fix']}; "
            f"{others} tasks of others done, {len(waiting)} wait; resumed"
        )

    return check


def left_out(scene: Scene) -> str:
    """the worker is left out by hand, in a terminal, and has its power again afterwards"""
    env = {**environment(scene.state), "TERM": "xterm-256color"}
    terminal = Terminal(scene.lab, [*HAUI], env=env, folder=scene.state.parent)
    try:
        with terminal:
            terminal.wait_for("Resume")
            terminal.press("Enter")
            terminal.wait_for(lambda screen: FAILED in screen and STAYS in screen, timeout_s=180)
            terminal.press("s")
            print(terminal.wait_for("Leave wk2 out?"), file=sys.stderr)
            terminal.press("s")
            print(terminal.wait_for("haui resume lab", timeout_s=600), file=sys.stderr)
            terminal.press("C-q")
    finally:
        hosts.on("wk2")(scene)
    return f"before it was done: “{STAYS}”"


def _faults() -> tuple[Fault, ...]:
    return (
        Fault(
            name="worker without power, for good",
            when=output("wk2", "runtime.containerd"),
            breaks=hosts.off("wk2"),
            expected=waits_for("wk2"),
        ),
    )


GONE = Part(
    name="gone",
    faults=_faults,
    hosts=(1, 2),
    prepare=single,
    codes=(5, 0),
    first={1: left_out},
    checks=(verified, every_byte, nothing_twice),
)

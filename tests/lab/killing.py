"""An install that is killed with SIGKILL in the three worst moments, and resumed each time."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.lab.lab import Lab
from tests.lab.runs import Event, HauiRun, haui

FOLLOWED = ("control_plane.init", "control_plane.join", "workers.join")
"""What was running on a host at each kill."""


@dataclass
class Killed:
    """The last run, which came to its end, and what was seen on the way.

    `unfinished` is what `haui status` said after each kill; `records` is the journal and `attempts`
    what lay in the hosts' folders, both as they were when the install had ended.
    """

    run: HauiRun
    unfinished: list[bool] = field(default_factory=list)
    records: list[Event] = field(default_factory=list)
    attempts: dict[str, list[str]] = field(default_factory=dict)


def install(lab: Lab, state: Path, *options: str) -> Killed:
    """During kubeadm init, the second control-plane join and a worker join."""
    moments = (
        output_of("control_plane.init", "[control-plane]"),
        second_join("[preflight]"),
        output_of("workers.join", "[preflight]"),
    )
    file = str(lab.dir / "lab.yaml")
    killed = Killed(HauiRun(lab, "apply", file, "--yes", *options, state=state))
    for moment in moments:
        killed.run.until(moment)
        killed.run.kill()
        code, out, err = haui(lab, "status", "lab", "--json", state=state)
        assert code == 0, err
        killed.unfinished.append(json.loads(out)["unfinished"])
        killed.run = HauiRun(lab, "resume", "lab", "--yes", state=state)
    assert killed.run.finish() == 0, killed.run.talk()
    killed.records = yaml.safe_load((state / "lab" / "journal.yaml").read_text())
    for host in lab.hosts:
        listed = lab.exec(host, ["sh", "-c", "cd /var/lib/haui && ls -d */*.*"]).stdout.decode()
        killed.attempts[host] = listed.split()
    return killed


def output_of(step: str, text: str) -> Callable[[Event], bool]:
    """A line of a step's output."""

    def wanted(event: Event) -> bool:
        return (
            event["kind"] == "task_output"
            and event["step"] == step
            and any(text in line for line in event["lines"])
        )

    return wanted


def second_join(text: str) -> Callable[[Event], bool]:
    """The output of the control-plane join that comes second, whichever host that is."""
    joining: list[str] = []

    def wanted(event: Event) -> bool:
        if not output_of("control_plane.join", text)(event):
            return False
        if event["host"] not in joining:
            joining.append(event["host"])
        return len(joining) == 2

    return wanted

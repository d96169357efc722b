"""An install that is killed with SIGKILL again and again, and resumed each time.

Three kills come in the worst moments: during kubeadm init, the second join of a control plane, and
a worker's join. All others come at random, from the first seconds to the last phase.
`HAUI_LAB_SEED` repeats an earlier run, as far as moments can be repeated on real hosts.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from tests.lab.lab import Lab
from tests.lab.runs import Event, HauiRun, haui

FOLLOWED = ("control_plane.init", "control_plane.join", "workers.join")
"""What is running on a host at the kills that are not random."""

KILLS = int(os.environ.get("HAUI_LAB_KILLS") or 2)
"""How many kills come at random moments; up to three more come in the worst ones. `make lab-kills`
has 20; each costs another look at all hosts."""

LIFE_S = (0.1, 8.0)
"""The shortest and the longest life of a haui that is killed at random, from the moment on that it
has looked at the hosts and takes up what runs there. Every fifth one is killed before that."""

Moment = Callable[[Event], bool]


@dataclass
class Killed:
    """The last run, which came to its end, and what was seen on the way.

    `kills` says at which event each life ended, `unfinished` what `haui status` said after each of
    the three; `records` is the journal and `attempts` what lay in the hosts' folders, both as they
    were when the install had ended.
    """

    run: HauiRun
    kills: list[str] = field(default_factory=list)
    unfinished: list[bool] = field(default_factory=list)
    records: list[Event] = field(default_factory=list)
    attempts: dict[str, list[str]] = field(default_factory=dict)


def install(lab: Lab, state: Path, *options: str) -> Killed:
    """From five fresh hosts to a verified cluster. Prints the seed, and where each life ended."""
    seed = int(os.environ.get("HAUI_LAB_SEED") or time.time())
    chance = random.Random(seed)
    print(f"\nkills at random moments, HAUI_LAB_SEED={seed}")
    worst: list[Moment] = [
        output_of("control_plane.init", "[control-plane]"),
        second_join("[preflight]"),
        output_of("workers.join", "[preflight]"),
    ]
    file = str(lab.dir / "lab.yaml")
    killed = Killed(HauiRun(lab, "apply", file, "--yes", *options, state=state))
    # The first life has to see the host keys accepted: before, there is nothing to resume.
    killed.run.watch([past_preflight], seconds=600)
    while worst or len(killed.kills) < KILLS:
        seen = _live(killed.run, worst, chance, at_random=len(killed.kills) < KILLS)
        if killed.run.ended:
            break
        killed.run.kill()
        killed.kills.append(_words(killed.run.events[-1]) if killed.run.events else "its start")
        if seen:
            worst.pop(0)
            code, out, err = haui(lab, "status", "lab", "--json", state=state)
            assert code == 0, err
            killed.unfinished.append(json.loads(out)["unfinished"])
        killed.run = HauiRun(lab, "resume", "lab", "--yes", *options, state=state)
    print("\n".join(f"  killed at {where}" for where in killed.kills))
    assert killed.run.finish() == 0, killed.run.talk()
    killed.records = yaml.safe_load((state / "lab" / "journal.yaml").read_text())
    for host in lab.hosts:
        listed = lab.exec(host, ["sh", "-c", "cd /var/lib/haui && ls -d */*.*"]).stdout.decode()
        killed.attempts[host] = listed.split()
    return killed


def _live(run: HauiRun, worst: Sequence[Moment], chance: random.Random, *, at_random: bool) -> bool:
    """Let haui live until it is to be killed. Whether that is because a worst moment has come."""
    if not at_random:
        return run.watch(worst[:1], seconds=900) is not None
    if chance.random() < 0.2:
        return run.watch(worst[:1], seconds=chance.uniform(0.5, 4)) is not None
    until = [*worst[:1], past_preflight]
    event = run.watch(until, seconds=600)
    if event is not None and not past_preflight(event):
        return True
    return run.watch(worst[:1], seconds=chance.uniform(*LIFE_S)) is not None


def past_preflight(event: Event) -> bool:
    """The first step that changes a host, or is found running."""
    return event["kind"] == "task_started" and not event["step"].startswith("preflight.")


def _words(event: Event) -> str:
    return " ".join(str(event[key]) for key in ("kind", "step", "host") if key in event)


def output_of(step: str, text: str) -> Moment:
    """A line of a step's output."""

    def wanted(event: Event) -> bool:
        return (
            event["kind"] == "task_output"
            and event["step"] == step
            and any(text in line for line in event["lines"])
        )

    return wanted


def second_join(text: str) -> Moment:
    """The output of the control-plane join that comes second, whichever host that is."""
    joining: list[str] = []

    def wanted(event: Event) -> bool:
        if not output_of("control_plane.join", text)(event):
            return False
        if event["host"] not in joining:
            joining.append(event["host"])
        return len(joining) == 2

    return wanted

"""A haui process with its journal on disk and its hosts behind SSH is killed with SIGKILL, and the
next one, and the next: one install that ten kills can't keep from the cluster that was asked for.

Where is drawn by chance: HAUI_KILL_SEED is another draw. `make sweep` kills at every event.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import pytest

from tests.sweep.ground import Zygote
from tests.sweep.kill import Progress, Whole, kill_in_a_row, undisturbed
from tests.unit.kill_worlds import combinations

SEED = int(os.environ.get("HAUI_KILL_SEED", "20"))
KILLS = 10
INSTALLS = ("stacked, keepalived-haproxy", "stacked, kube-vip arp")
EVENTS = 20
"""The most events after a task was proved: about two tasks' worth."""


def drawn(name: str, whole: Whole) -> list[Progress]:
    """A few moments before any host is changed, the more after that."""
    chance = random.Random(f"{SEED} {name}")
    early = chance.sample(range(whole.unchanged), KILLS // 5)
    last = whole.tasks - EVENTS // 2  # a task has two events at least: none is killed at its end
    late = chance.sample(range(whole.unchanged, last), KILLS - len(early))
    return [
        Progress(settled, chance.randint(1, EVENTS), kept=chance.random() < 0.5)
        for settled in sorted(early + late)
    ]


@pytest.mark.parametrize("name", INSTALLS)
async def test_a_process_that_is_killed_again_and_again_comes_to_the_same_cluster(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    spec = combinations()[name]
    async with Zygote() as zygote:
        whole = await undisturbed(zygote, spec)
        assert whole.state.done["cp1"]["control_plane.init"] == 1
        moments = drawn(name, whole)
        came = await kill_in_a_row(zygote, spec, moments, whole)
    wrong = [f"killed at {each.moment}: {each.wrong}" for each in came if each.wrong]
    assert not wrong, "\n".join([f"HAUI_KILL_SEED={SEED}, {name}", *wrong])
    assert len(came) == KILLS
    proved = [each.settled for each in came]
    assert proved == sorted(proved)
    assert proved[-1] > whole.unchanged
    rejoined = sum(each.rejoined for each in came)
    at = " ".join(map(str, moments))
    note = f"SIGKILL of one process after another, at tasks+events {at}, seed {SEED}; "
    note += f"{rejoined} running changes joined again"
    record_property("kills", (f"{name}, for real", whole.events, len(came), note))

"""A haui process with its journal on disk and its hosts behind SSH is killed with SIGKILL.

Where is drawn by chance: HAUI_KILL_SEED is another draw. `make sweep` kills at every event.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Callable

import pytest

from tests.sweep.ground import Zygote
from tests.sweep.kill import Killed, Moment, Whole, kill, undisturbed
from tests.unit.kill_worlds import combinations

SEED = int(os.environ.get("HAUI_KILL_SEED", "20"))
KILLS = 10
INSTALLS = ("stacked, keepalived-haproxy", "stacked, kube-vip arp")


def drawn(name: str, whole: Whole) -> list[Moment]:
    """A few moments before any host is changed, the more after that."""
    chance = random.Random(f"{SEED} {name}")
    early = chance.sample(range(1, whole.first_change), KILLS // 5)
    late = chance.sample(range(whole.first_change, whole.events + 1), KILLS - len(early))
    return [Moment(number, kept=chance.random() < 0.5) for number in sorted(early + late)]


@pytest.mark.parametrize("name", INSTALLS)
async def test_a_killed_process_is_continued_by_the_next(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    spec = combinations()[name]
    async with Zygote() as zygote:
        whole = await undisturbed(zygote, spec)
        assert whole.state.done["cp1"]["control_plane.init"] == 1
        moments = drawn(name, whole)
        ahead = iter(moments)
        came: list[Killed] = []

        async def work(haui: Zygote) -> None:
            for moment in ahead:
                came.append(await kill(haui, spec, moment, whole))  # noqa: PERF401

        async with Zygote() as other:
            await asyncio.gather(work(zygote), work(other))
    wrong = [f"killed at event {each.moment}: {each.wrong}" for each in came if each.wrong]
    assert not wrong, "\n".join([f"HAUI_KILL_SEED={SEED}, {name}", *wrong])
    assert len(came) == KILLS
    assert sum(each.settled for each in came) > 0
    rejoined = sum(each.rejoined for each in came)
    at = " ".join(str(moment.number) for moment in moments)
    note = f"SIGKILL of a process at {at}, seed {SEED}; {rejoined} running changes joined again"
    record_property("kills", (f"{name}, for real", whole.events, len(came), note))

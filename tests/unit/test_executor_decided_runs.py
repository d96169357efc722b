"""Whole runs with decisions about failures: killed at any event, and decided at random."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from haui.errors import ConnectError
from haui.events import (
    TaskFinished,
)
from haui.execution.decisions import Decision, Undecided
from haui.plan import build_plan
from tests.unit.admins import Admin, fleet_where, outcome, state_of
from tests.unit.mortal import KilledError, MortalRun
from tests.unit.scripted import Attempt, ScriptedFleet
from tests.unit.scripted_run import (
    Ran,
    cluster,
    install,
    prepared,
)


def decided_run() -> tuple[ScriptedFleet, Admin]:
    fleet = fleet_where("cp2", "cp.join", Attempt(rc=1))
    fleet["w1"].attempts["sys.prepare"] = [Attempt(rc=1)]
    fleet["w2"].connect_errors = [ConnectError("no route", host="w2")]
    admin = Admin(
        {
            "cp.join@cp2": [30.0, "retry"],
            "sys.prepare@w1": [15.0, "skip"],
            "pre.check@w2": [4.0, "retry"],
        }
    )
    return fleet, admin


def test_a_kill_at_any_event_of_a_decided_run_is_resumed_to_the_whole_cluster() -> None:
    plan = build_plan(cluster(), install())
    fleet, admin = decided_run()
    whole = Ran(fleet)
    fleet.play(whole.go(plan, decide=admin))
    assert outcome(whole) == "failed"
    for kill_at in range(1, len(whole.bus.events) + 1):
        fleet, admin = decided_run()
        dying = MortalRun(fleet, kill_at)
        with pytest.raises(KilledError):
            fleet.play(dying.go(plan, decide=admin))
        settled = state_of(dying, plan).settled()
        resumed = Ran(fleet)
        always: Callable[[Undecided], Awaitable[Decision]] = _retry
        fleet.play(resumed.go(plan, settled=settled, decide=always))
        assert outcome(resumed) == "ok", f"killed at event {kill_at}"
        assert fleet.width["cp.join"] == 1
        assert "w.join" in fleet["w1"].true


class Whim(Admin):
    """Decides at random, after a random time; tires of a task that has failed three times."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self._chance = chance

    async def __call__(self, undecided: Undecided) -> Decision:
        seen = sum(each.id == undecided.id for each in self.asked)
        words: tuple[Decision, ...] = ("retry", "retry", "skip", "retry", "retry", "skip", "stop")
        decision = self._chance.choice(words if seen < 3 else words[-2:])
        self.answers[undecided.id] = [self._chance.uniform(0, 60), decision]
        return await super().__call__(undecided)


def troubled(chance: random.Random) -> ScriptedFleet:
    """Hosts on which anything may fail: connecting, looking, changing, being followed."""
    fleet = prepared([host.name for host in cluster().hosts])
    for name, machine in fleet.machines.items():
        if chance.random() < 0.2:
            machine.connect_errors = [ConnectError("no route", host=name)]
        for id_ in ("sys.prepare", "cp.init", "cp.join", "w.join"):
            attempts = [Attempt(rc=int(chance.random() < 0.3), seconds=chance.uniform(1, 90))]
            machine.attempts[id_] = attempts * chance.randint(1, 3)
            if chance.random() < 0.15:
                machine.errors[f"follow:{id_}"] = [ConnectError("gone", host=name)]
    return fleet


@pytest.mark.parametrize("seed", range(60))
def test_whatever_is_decided_every_task_ends_once_and_a_resume_finishes(seed: int) -> None:
    chance = random.Random(seed)
    plan = build_plan(cluster(), install())
    fleet = troubled(chance)
    ran = Ran(fleet)
    result = fleet.play(ran.go(plan, decide=Whim(chance)))
    state = state_of(ran, plan)
    last = {(event.host, event.step): event.outcome for event in ran.bus.of(TaskFinished)}
    assert sum(result.counts.values()) + result.left == len(plan.tasks)
    assert result.counts == Counter(last.values())
    assert state.settled_count == result.counts.get("unchanged", 0) + result.counts.get("ok", 0)
    assert len(result.failed) == result.counts.get("failed", 0)
    for failed in result.failed:
        assert last[failed.host, failed.step] == "failed"
    fleet.now += 1000
    again = Ran(fleet)
    assert fleet.play(again.go(plan, settled=state.settled(), decide=_retry)).outcome == "ok"
    assert all("w.join" in fleet[name].true for name in ("w1", "w2"))


async def _retry(_undecided: Undecided) -> Decision:
    return "retry"

"""Somebody who is asked about failed tasks, and what has become of such a run."""

from __future__ import annotations

import asyncio

from haui.events import (
    RunStarted,
    TaskFinished,
)
from haui.execution.decisions import Decision, Undecided
from haui.record.reducer import replay
from haui.record.state import RunState
from haui.step import Plan
from tests.unit.scripted import Attempt, ScriptedFleet
from tests.unit.scripted_run import (
    Ran,
    cluster,
    prepared,
)

Answer = Decision | float
"""A decision; a number of seconds to wait before the next answer."""


class Admin:
    """Gives prepared answers by task; without one it never decides."""

    def __init__(self, answers: dict[str, list[Answer]] | None = None) -> None:
        self.answers = answers or {}
        self.asked: list[Undecided] = []
        self.given_up = 0

    async def __call__(self, undecided: Undecided) -> Decision:
        self.asked.append(undecided)
        answers = self.answers.get(undecided.id, [])
        try:
            while answers:
                answer = answers.pop(0)
                if isinstance(answer, str):
                    return answer
                await asyncio.sleep(answer)
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            self.given_up += 1
            raise
        raise AssertionError


def fleet_where(host: str, step_id: str, *attempts: Attempt) -> ScriptedFleet:
    """A fleet on which that task goes so."""
    fleet = prepared([each.name for each in cluster().hosts])
    fleet[host].attempts[step_id] = list(attempts)
    return fleet


def outcomes(ran: Ran, host: str) -> dict[str, str]:
    """How each task of the host has ended."""
    return {event.step: event.outcome for event in ran.bus.of(TaskFinished, host=host)}


def state_of(ran: Ran, plan: Plan) -> RunState:
    """What the journal of that run replays to."""
    begun = RunStarted(
        run="r1",
        cluster="atlas",
        haui="1",
        spec_sha="",
        plan_sha="",
        tasks=len(plan.tasks),
        hosts=tuple(host.name for host in plan.spec.hosts),
    )
    return replay([begun, *(event for event in ran.bus.events if event.journalled)])


def outcome(ran: Ran) -> str:
    """How the run has ended."""
    assert ran.result is not None
    return ran.result.outcome

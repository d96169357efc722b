"""What becomes of the other tasks when one has failed, or this machine is not fit for the run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from haui.events import Problem, TaskFinished
from haui.execution.dependencies import Dependencies
from haui.execution.engine import Engine
from haui.execution.tally import Tally, cause_of
from haui.step import Task


class Fallout:
    """Counts what failed, and skips what can not be begun any more, with the reason."""

    def __init__(self, engine: Engine, tasks: Dependencies, tally: Tally) -> None:
        self._engine = engine
        self._tasks = tasks
        self._tally = tally

    async def here(self, finished: TaskFinished) -> None:
        """A check of this machine has failed: hosts are looked at, nothing is changed."""
        reason = Problem(
            what="not begun, because of this machine",
            why=finished.problem.what if finished.problem else "",
            fix="Mend that first; haui resume then continues here.",
        )
        for task in self._tasks.drop(lambda task: task.step.phase != "preflight"):
            await self._skip(task, reason)

    async def left_out(self, task: Task, finished: TaskFinished) -> None:
        """Skip the rest of the host; other hosts go on as if it were done."""
        self._tasks.over.add(task.id)
        self._tally.ended("failed")
        self._tally.failure(finished, "left-out")
        rest = self._tasks.leave_out(task.host.name)
        reason = Problem(
            what="left out by the admin",
            why=f"“{task.step.title}” failed on {task.host.name}",
            fix=f"Correct that on {task.host.name}; haui resume then takes it up again.",
        )
        await self._skip_all(rest, reason)
        for cause in (task, *rest):
            self._tasks.fulfil(cause)

    def failed(self, task: Task, finished: TaskFinished, *, unreachable: bool) -> None:
        """Record a failure."""
        self._tasks.over.add(task.id)
        self._tally.ended("failed")
        self._tally.failure(finished, cause_of(task.step.phase, unreachable=unreachable))

    async def cut(self, task: Task, finished: TaskFinished, *, lenient: bool, silent: bool) -> None:
        """Skip everything that needs a failed task, directly or not; see `Dependencies.cut`."""
        reason = Problem(
            what=f"not begun, because “{task.step.title}” failed on {task.host.name}",
            why=finished.problem.what if finished.problem else "",
            fix=f"Fix that on {task.host.name} first; haui resume then continues here.",
        )
        await self._skip_all(list(self._tasks.cut(task, lenient=lenient, silent=silent)), reason)

    async def _skip_all(self, tasks: Iterable[Task], reason: Problem) -> None:
        await asyncio.gather(*(self._skip(each, reason) for each in tasks))

    async def _skip(self, task: Task, reason: Problem) -> None:
        self._tally.ended("skipped")
        self._engine.lanes.release(task.step.lane, task.id)
        await self._engine.bus.emit(
            TaskFinished(
                host=task.host.name,
                step=task.step.id,
                outcome="skipped",
                seconds=0.0,
                problem=reason,
            )
        )

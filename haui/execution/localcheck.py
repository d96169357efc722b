"""A read-only check made on this machine, reported like a task of a host."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from haui.errors import HauiError, JournalError
from haui.events import Finding, Problem, TaskFinished, TaskStarted
from haui.execution.clock import Clock
from haui.execution.connections import Bus
from haui.execution.judge import blocked, problem_of, satisfied, unsatisfied


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCheck:
    """Made after all tasks have succeeded. `check` may raise HauiError."""

    host: str
    step: str
    title: str
    check: Callable[[], Awaitable[tuple[Finding, ...]]]

    async def run(self, bus: Bus, clock: Clock) -> TaskFinished:
        """Make the check and emit its events."""
        began = clock.monotonic()
        await bus.emit(TaskStarted(host=self.host, step=self.step, title=self.title))
        findings: tuple[Finding, ...] = ()
        problem: Problem | None = None
        try:
            findings = await self.check()
        except JournalError:
            raise
        except HauiError as error:
            problem = problem_of(error)
        if problem is None and not satisfied(findings):
            problem = blocked(findings) or unsatisfied(
                f"{self.title}: not as expected", findings, "Correct it, then run haui verify."
            )
        finished = TaskFinished(
            host=self.host,
            step=self.step,
            outcome="unchanged" if problem is None else "failed",
            seconds=round(clock.monotonic() - began, 3),
            findings=findings,
            problem=problem,
        )
        await bus.emit(finished)
        return finished

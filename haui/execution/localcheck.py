"""Read-only checks made on this machine, reported like tasks of a host."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from haui.errors import HauiError, JournalError
from haui.events import Finding, Problem, TaskFinished, TaskStarted
from haui.execution.clock import Clock
from haui.execution.connections import Bus
from haui.execution.judge import blocked, problem_of, satisfied, unsatisfied, worth_keeping
from haui.execution.tally import Tally
from haui.execution.voice import preflight_result


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCheck:
    """Made after all tasks have succeeded; with `first` before any host is dialled, as a part of
    the preflight: what blocks then keeps every host from being changed. `check` may raise
    HauiError. `operator` is who lets findings pass.
    """

    host: str
    step: str
    title: str
    check: Callable[[], Awaitable[tuple[Finding, ...]]]
    first: bool = False
    operator: str = ""

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
        if self.first:
            for found in findings:
                await bus.emit(preflight_result(self.host, self.step, found, self.operator))
        if problem is None and not satisfied(findings):
            problem = blocked(findings) or unsatisfied(
                f"{self.title}: not as expected", findings, "Correct it, then run haui verify."
            )
        finished = TaskFinished(
            host=self.host,
            step=self.step,
            outcome="unchanged" if problem is None else "failed",
            seconds=round(clock.monotonic() - began, 3),
            findings=worth_keeping(findings) if self.first else findings,
            problem=problem,
        )
        await bus.emit(finished)
        return finished


class LocalChecks:
    """Those of one run, made one after the other and counted."""

    def __init__(self, checks: Sequence[LocalCheck], bus: Bus, clock: Clock, tally: Tally) -> None:
        self._checks = tuple(checks)
        self._bus = bus
        self._clock = clock
        self._tally = tally

    async def make(self, *, first: bool) -> tuple[TaskFinished, ...]:
        """Make those that come before any host, or those that come after all; what has failed."""
        failed = []
        for local in self._checks:
            if local.first != first:
                continue
            finished = await local.run(self._bus, self._clock)
            self._tally.ended(finished.outcome)
            if finished.outcome == "failed":
                self._tally.failure(finished, "preflight" if first else "verification")
                failed.append(finished)
        return tuple(failed)

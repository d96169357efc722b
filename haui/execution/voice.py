"""Says what happens to one task, as events, with every known secret masked."""

from __future__ import annotations

from collections.abc import Collection

from haui.events import (
    Finding,
    PreflightResult,
    TaskDrifted,
    TaskFinished,
    TaskIntent,
    TaskOutput,
    TaskRetrying,
    TaskStarted,
    TaskWaiting,
)
from haui.execution.connections import Bus
from haui.execution.engine import Result
from haui.execution.mask import Masker
from haui.step import Task, Values


def preflight_result(host: str, step: str, found: Finding, operator: str) -> PreflightResult:
    """A finding as an event. `operator` is who lets it pass, when it is let pass."""
    return PreflightResult(
        host=host,
        check=found.check or found.what,
        title=found.what,
        verdict=found.verdict,
        expected=found.expected,
        seen=found.seen,
        why=found.why,
        fix=found.fix,
        fix_kind=found.fix_kind,
        fix_with=found.fix_with,
        override=found.override,
        by=operator if found.override else "",
        step=step,
    )


class Voice:
    """The events of one task. Every method may raise JournalError."""

    def __init__(self, bus: Bus, task: Task, secrets: Values) -> None:
        self._bus = bus
        self._host = task.host.name
        self._step = task.step
        self._mask = Masker(secrets.values())

    def learn(self, supplied: Values, public: Collection[str]) -> None:
        """From now on also mask what a supply script gave, apart from the `public` texts."""
        self._mask = self._mask.with_supplied(set(supplied.values()) - set(public))

    async def started(self) -> None:
        await self._bus.emit(
            TaskStarted(host=self._host, step=self._step.id, title=self._step.title)
        )

    async def waiting(self, reason: str) -> None:
        await self._bus.emit(
            TaskWaiting(host=self._host, step=self._step.id, reason=self._mask.text(reason))
        )

    async def drifted(self, findings: tuple[Finding, ...]) -> None:
        """What was done before and is found undone: `findings` are the ones that differ."""
        differing = tuple(found for found in findings if found.verdict == "differs")
        await self._bus.emit(
            TaskDrifted(
                host=self._host, step=self._step.id, findings=self._mask.findings(differing)
            )
        )

    async def intent(self, attempt: int, *, reattached: bool = False) -> None:
        """Returns when the intent is on disk."""
        await self._bus.emit(
            TaskIntent(host=self._host, step=self._step.id, attempt=attempt, reattached=reattached)
        )

    async def retrying(
        self, *, number: int, of: int, reason: str, pause_s: float, attempt: int, lines: str
    ) -> None:
        """Something failed that may go away; see TaskRetrying."""
        await self._bus.emit(
            TaskRetrying(
                host=self._host,
                step=self._step.id,
                number=number,
                of=of,
                reason=self._mask.text(reason),
                pause_s=pause_s,
                attempt=attempt,
                lines=self._mask.text(lines),
            )
        )

    async def output(self, lines: tuple[str, ...]) -> None:
        """Lines for people: tabs, which separate the parts of a finding, become blanks."""
        shown = tuple(line.expandtabs(8) for line in self._mask.lines(lines))
        await self._bus.emit(TaskOutput(host=self._host, step=self._step.id, lines=shown))

    async def preflight(self, findings: tuple[Finding, ...], operator: str) -> None:
        """`operator` is who lets a finding pass that would block."""
        for found in self._mask.findings(findings):
            await self._bus.emit(preflight_result(self._host, self._step.id, found, operator))

    async def finished(self, result: Result, attempt: int, seconds: float) -> TaskFinished:
        event = TaskFinished(
            host=self._host,
            step=self._step.id,
            outcome=result.outcome,
            seconds=round(seconds, 3),
            attempt=attempt,
            findings=self._mask.findings(result.findings),
            problem=self._mask.problem(result.problem),
        )
        emitted = await self._bus.emit(event)
        return emitted if isinstance(emitted, TaskFinished) else event

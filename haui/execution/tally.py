"""Counts how the tasks of a run ended, and what that means for the run as a whole."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

from haui.events import Finding, Outcome, Problem, TaskFinished
from haui.step import Phase

RunOutcome = Literal["ok", "failed", "preflight", "unreachable", "verification", "cancelled"]
Cause = Literal["step", "left-out", "preflight", "unreachable", "verification"]
"""left-out: the admin went on without the host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedTask:
    """One failure, for the summary at the end."""

    host: str
    step: str
    cause: Cause
    problem: Problem
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """How a run ended.

    `counts` is by task outcome, `changed` the number of tasks that changed a host (0 after an apply
    of what is already there), `left` the number that never began because the run was stopped.
    """

    outcome: RunOutcome
    seconds: float
    counts: dict[str, int]
    changed: int
    left: int
    failed: tuple[FailedTask, ...]


class Tally:
    """The counts of one run."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.changed = 0
        self.failed: list[FailedTask] = []

    def ended(self, outcome: Outcome, *, changed: bool = False) -> None:
        self.counts[outcome] += 1
        self.changed += changed

    def failure(self, finished: TaskFinished, cause: Cause) -> None:
        """Keep a failure for the summary. It has to be counted with `ended` as well."""
        problem = finished.problem or Problem(what=f"{finished.step} failed")
        self.failed.append(
            FailedTask(
                host=finished.host,
                step=finished.step,
                cause=cause,
                problem=problem,
                findings=finished.findings,
            )
        )

    def outcome(self, *, stopping: bool, left: int) -> RunOutcome:
        """A stop that cut something off counts first, then the failure that is worst."""
        if stopping and (left or self.counts["cancelled"]):
            return "cancelled"
        causes = {failed.cause for failed in self.failed}
        if causes & {"step", "left-out"}:
            return "failed"
        if "unreachable" in causes:
            return "unreachable"
        if "preflight" in causes:
            return "preflight"
        return "verification" if causes else "ok"

    def result(self, *, stopping: bool, left: int, seconds: float) -> RunResult:
        return RunResult(
            outcome=self.outcome(stopping=stopping, left=left),
            seconds=round(seconds, 3),
            counts=dict(self.counts),
            changed=self.changed,
            left=left,
            failed=tuple(self.failed),
        )


def cause_of(phase: Phase, *, unreachable: bool) -> Cause:
    """What a failure in that phase counts as."""
    if unreachable:
        return "unreachable"
    if phase == "preflight":
        return "preflight"
    return "verification" if phase == "verify" else "step"

"""What there is to say about a failure: what, why, what is likely, what goes on. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from haui.documents.causes import Cause, likely
from haui.events import Finding, Problem
from haui.execution.judge import line_of
from haui.live.logbook import LogLine
from haui.live.run import LiveRun
from haui.record.state import RunState
from haui.step import Plan
from haui.transport.text import clean_line
from screens.widgets.log_text import level_of, shown_text

MOST_LINES: Final = 6
FEWEST_LINES: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A task that failed. `decidable` says that the run waits for what the admin says."""

    host: str
    step: str
    title: str
    problem: Problem
    findings: tuple[Finding, ...]
    attempt: int
    seconds: float
    decidable: bool

    @property
    def id(self) -> str:
        return f"{self.step}@{self.host}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureFacts:
    """A failure as it is shown; texts are cleaned.

    `lines` are the decisive ones of `all_lines`. `barred` says why the host can't be left out, and
    `consequence` what that would mean. `still` is what goes on meanwhile.
    """

    failure: Failure
    what: str
    lines: tuple[str, ...]
    all_lines: int
    cause: Cause | None
    fix: str
    barred: str
    consequence: str
    still: str


def failures(live: LiveRun) -> tuple[Failure, ...]:
    """The failures that wait for a decision, the oldest first, then those of hosts that stand."""
    waiting = [
        Failure(
            host=each.host,
            step=each.step,
            title=each.title,
            problem=each.finished.problem or Problem(what=f"{each.title} failed"),
            findings=each.finished.findings,
            attempt=each.finished.attempt,
            seconds=each.finished.seconds,
            decidable=True,
        )
        for each in live.undecided
    ]
    known = {each.host for each in waiting}
    return (*waiting, *(f for f in _standing(live) if f.host not in known))


def _standing(live: LiveRun) -> Iterable[Failure]:
    for host in live.spec.hosts:
        progress = live.progress(host.name)
        if progress.status != "failed":
            continue
        view = live.state.task(host.name, progress.step_id)
        title = progress.step_title or progress.step_id
        yield Failure(
            host=host.name,
            step=progress.step_id,
            title=title,
            problem=view.problem or Problem(what=f"{title} failed"),
            findings=view.findings,
            attempt=view.attempt,
            seconds=view.seconds,
            decidable=False,
        )


def facts_of(live: LiveRun, failure: Failure) -> FailureFacts:
    """Everything about one of them."""
    lines = [
        line
        for line in live.logs.lines_since(failure.host)
        if line.step == failure.step and line.kind == "output"
    ]
    cause = likely(
        failure.step,
        lines=[line.text for line in lines],
        problem=failure.problem,
        findings=failure.findings,
        spec=live.spec,
    )
    barred = consequence = ""
    if failure.decidable:
        barred = live.skip_refusal(failure.id)
        consequence = "" if barred else live.skip_consequence(failure.id)
    stuck = {each.id for each in live.undecided} | {failure.id}
    return FailureFacts(
        failure=failure,
        what=clean_line(failure.problem.what, 400),
        lines=decisive_lines(failure, lines, cause),
        all_lines=len(lines),
        cause=cause,
        fix=clean_line(failure.problem.fix, 400),
        barred=barred,
        consequence=consequence,
        still="" if live.ended else still_text(live.plan, live.state, stuck, failure.host),
    )


def decisive_lines(
    failure: Failure, lines: Collection[LogLine], cause: Cause | None
) -> tuple[str, ...]:
    """Two to six lines that say why: what haui has found, the evidence, the step's last errors."""
    found = [line for line in failure.problem.why.splitlines() if line.strip()]
    if not found:
        wrong = [f for f in failure.findings if f.verdict in ("differs", "blocked")]
        found = [line_of(finding) for finding in wrong]
    if cause is not None:
        found.append(cause.evidence)
    texts = [shown_text(line) for line in lines]
    bad = [text for text in texts if level_of(text) == "error"]
    spare = bad[-MOST_LINES:] or texts[-3:]
    unique = list(dict.fromkeys(clean_line(line, 400).strip() for line in found))
    for text in reversed(spare):
        if len(unique) >= FEWEST_LINES:
            break
        if text.strip() and not any(text.strip() in line for line in unique):
            unique.append(text.strip())
    return tuple(unique[:MOST_LINES])


def continuing(plan: Plan, state: RunState, stuck: Collection[str]) -> tuple[int, int]:
    """How many hosts and tasks go on without the tasks with these ids."""
    blocked = set(stuck)
    hosts: set[str] = set()
    tasks = 0
    for task in plan.tasks:
        if task.id in blocked or task.needs & blocked:
            blocked.add(task.id)
            continue
        view = state.task(task.host.name, task.step.id)
        if not view.proved and view.status not in ("failed", "skipped", "cancelled"):
            hosts.add(task.host.name)
            tasks += 1
    return len(hosts), tasks


def still_text(plan: Plan, state: RunState, stuck: Collection[str], host: str) -> str:
    """`3 hosts go on with 11 tasks that don't need cp-2`; or that everything waits."""
    hosts, tasks = continuing(plan, state, stuck)
    if not tasks:
        return "Everything else waits for this."
    who = "1 host goes on" if hosts == 1 else f"{hosts} hosts go on"
    what = "1 task that doesn't" if tasks == 1 else f"{tasks} tasks that don't"
    return f"{who} with {what} need {clean_line(host, 64)}."


def copied_text(facts: FailureFacts) -> str:
    """The failure as plain text, for a chat or a ticket."""
    failure = facts.failure
    lines = [f"{failure.host}: {failure.title} ({failure.step}), attempt {failure.attempt or 1}"]
    lines += [f"what: {facts.what}", *(f"  {line}" for line in facts.lines)]
    if facts.cause is not None:
        lines += [f"likely: {facts.cause.cause}", f"fix: {facts.cause.fix}"]
        lines += [f"  {facts.cause.command}"] if facts.cause.command else []
    elif facts.fix:
        lines.append(f"fix: {facts.fix}")
    return "\n".join(lines)

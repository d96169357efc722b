"""What a run has come to, for the page that follows it: the headline and the proof. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from haui.documents.phases import duration
from haui.documents.undoing import reset_words
from haui.events import Finding, Problem
from haui.record.state import RunState
from haui.step import Plan

Standing = Literal["good", "bad", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Headline:
    """`standing` gives glyph and colour, `text` the one line."""

    standing: Standing
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """One line of the verification."""

    host: str
    finding: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """One task that failed."""

    host: str
    step: str
    title: str
    problem: Problem


_SAID: dict[str, tuple[Standing, str]] = {
    "ok": ("good", "{name} is up"),
    "failed": ("bad", "{name} is not finished: {failed}"),
    "preflight": ("bad", "{name} was not begun: preflight found what must be mended first"),
    "unreachable": ("bad", "{name} is not finished: a host can't be reached"),
    "verification": ("bad", "{name} is installed, but not as it must be"),
    "cancelled": ("stopped", "{name} was stopped; nothing is lost"),
}
_VERIFIED = "{name} is as it must be"


def headline(name: str, state: RunState, *, verifying: bool = False) -> Headline:
    """The one line about a run that has ended. `verifying`: it only looked."""
    standing, said = _SAID.get(state.outcome, ("stopped", "{name} was left in the middle"))
    if verifying and state.outcome == "ok":
        said = _VERIFIED
    elif state.purpose == "apply" and state.outcome == "ok" and set(state.counts) <= {"unchanged"}:
        said = "{name} was as it must be; nothing was changed"
    elif state.purpose == "reset" and not verifying:
        said = f"{{name}} {reset_words(state)}"
    failed = state.counts.get("failed", 0)
    text = said.format(name=name, failed=f"{failed} task{'s' if failed != 1 else ''} failed")
    took = f" · {duration(state.seconds)}" if state.seconds else ""
    return Headline(standing=standing, text=text + took)


def proofs(state: RunState, plan: Plan) -> tuple[Proof, ...]:
    """The findings of the verification, in the order of its steps; this machine's own last."""
    steps = list(dict.fromkeys(t.step.id for t in plan.tasks if t.step.phase == "verify"))
    hosts = [host.name for host in plan.spec.hosts]
    found = [
        Proof(host=host, finding=finding)
        for step in steps
        for host in hosts
        for finding in state.task(host, step).findings
    ]
    own = (host for host in state.tasks if host not in hosts)
    found += [
        Proof(host=host, finding=finding)
        for host in own
        for view in state.tasks[host].values()
        for finding in view.findings
    ]
    return tuple(found)


def failures(state: RunState, plan: Plan) -> Iterator[Failure]:
    """The tasks that failed, in the order of the plan."""
    titles = {task.step.id: task.step.title for task in plan.tasks}
    known = [(task.host.name, task.step.id) for task in plan.tasks]
    others = [
        (host, step) for host, views in state.tasks.items() for step in views if step not in titles
    ]
    for host, step in (*known, *others):
        view = state.task(host, step)
        if view.status == "failed":
            yield Failure(
                host=host,
                step=step,
                title=view.title or titles.get(step, step),
                problem=view.problem or Problem(what=f"{step} failed"),
            )

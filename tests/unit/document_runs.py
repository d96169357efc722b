"""Runs of a whole plan as events, with outcomes chosen per task, for the tests of documents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import steps
from haui.events import (
    Event,
    Finding,
    HostConnected,
    Outcome,
    Problem,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskIntent,
    TaskStarted,
)
from haui.plan import build_plan
from haui.record.reducer import replay
from haui.record.state import RunState
from haui.spec import ClusterSpec
from haui.step import Plan
from tests.unit.sample_run import numbered

NOW = datetime(2026, 11, 21, 13, 0, tzinfo=UTC)
EVIL = "<script>alert(1)</script> | `rm -rf /` ![x](http://evil.lan) \x1b[31m"


def plan_of(spec: ClusterSpec) -> Plan:
    return build_plan(spec, steps.CATALOGUE)


def events_of(plan: Plan, outcome: str = "ok", **odd: Outcome) -> list[Event]:
    """The plan's run; `odd` names the outcome of tasks as step__host with __ for a dot and an @."""
    events: list[Event] = [
        RunStarted(
            run="r1", cluster=plan.spec.name, haui="0.1.0", spec_sha="5e", plan_sha="9a",
            tasks=len(plan.tasks), hosts=tuple(host.name for host in plan.spec.hosts),
        )
    ]  # fmt: skip
    events += [HostConnected(host=host.name) for host in plan.spec.hosts]
    changed: Mapping[str, Outcome] = odd
    for task in plan.tasks:
        host, step = task.host.name, task.step.id
        how = changed.get(task.id.replace(".", "__").replace("@", "__"), "ok")
        if how != "skipped":
            events.append(TaskStarted(host=host, step=step, title=task.step.title))
            events.append(TaskIntent(host=host, step=step, attempt=1))
        events.append(_finished(host, step, how))
    events.append(RunFinished(outcome=outcome, seconds=701.5))  # type: ignore[arg-type]
    return numbered(*events)


def _finished(host: str, step: str, how: Outcome) -> TaskFinished:
    good = Finding(verdict="ok", what=f"check of {step}", expected="ok", seen="ok")
    findings: tuple[Finding, ...] = (good,)
    problem = None
    if how == "failed":
        problem = Problem(what=f"it failed {EVIL}", why=f"why {EVIL}\nsecond", fix=f"do {EVIL}")
        findings = (Finding(verdict="differs", what=EVIL, expected="a|b", seen="hunter2-canary"),)
    if how == "skipped":
        findings, problem = (), Problem(what="not begun, because something failed")
    return TaskFinished(
        host=host, step=step, outcome=how, seconds=2.0, attempt=1,
        findings=findings, problem=problem,
    )  # fmt: skip


def state_of(plan: Plan, outcome: str = "ok", **odd: Outcome) -> RunState:
    return replay(events_of(plan, outcome, **odd))

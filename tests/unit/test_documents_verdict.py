"""What a run has come to: its headline, the proof, and the failures."""

from __future__ import annotations

from dataclasses import replace

import pytest

import steps
from haui.documents.verdict import failures, headline, proofs
from haui.events import Finding, Problem
from haui.plan import build_plan
from haui.preset import rehearsal_spec
from haui.record.state import RunState, TaskView

SPEC = rehearsal_spec()
PLAN = build_plan(SPEC, steps.CATALOGUE)
VERIFY = [task for task in PLAN.tasks if task.step.phase == "verify"]


@pytest.mark.parametrize(
    ("state", "standing", "text"),
    [
        (RunState(outcome="ok", seconds=700, counts={"ok": 3}), "good", "atlas is up · 11 m 40 s"),
        (RunState(outcome="ok", counts={"unchanged": 9}), "good", "nothing was changed"),
        (RunState(outcome="failed", counts={"failed": 2}), "bad", "2 tasks failed"),
        (RunState(outcome="failed", counts={"failed": 1}), "bad", "1 task failed"),
        (RunState(outcome="cancelled"), "stopped", "was stopped"),
        (RunState(), "stopped", "left in the middle"),
        (RunState(outcome="verification"), "bad", "not as it must be"),
    ],
)
def test_headline(state: RunState, standing: str, text: str) -> None:
    found = headline("atlas", state)
    assert found.standing == standing
    assert text in found.text


def test_a_verification_says_that_it_only_looked() -> None:
    state = RunState(outcome="ok", counts={"unchanged": 3})
    assert "as it must be" in headline("atlas", state, verifying=True).text


def test_proofs_are_in_the_order_of_the_steps_and_this_machine_comes_last() -> None:
    tasks: dict[str, dict[str, TaskView]] = {
        "bastion": {"verify.bastion": TaskView(findings=(Finding(verdict="ok", what="here"),))}
    }
    for task in reversed(VERIFY):
        found = Finding(verdict="ok", what=task.id)
        tasks.setdefault(task.host.name, {})[task.step.id] = TaskView(findings=(found,))
    rows = proofs(RunState(tasks=tasks), PLAN)
    order = list(dict.fromkeys(task.step.id for task in VERIFY))
    places = [order.index(row.finding.what.split("@")[0]) for row in rows[:-1]]
    assert places == sorted(places)
    assert len(rows) == len(VERIFY) + 1
    assert rows[-1].host == "bastion"


def test_failures_name_their_step_even_without_a_problem() -> None:
    first = PLAN.tasks[0]
    view = TaskView(status="failed")
    state = RunState(tasks={first.host.name: {first.step.id: view}})
    (found,) = failures(state, PLAN)
    assert (found.host, found.step, found.title) == (
        first.host.name,
        first.step.id,
        first.step.title,
    )
    assert found.problem.what == f"{first.step.id} failed"
    told = replace(view, problem=Problem(what="no route"))
    (found,) = failures(RunState(tasks={first.host.name: {first.step.id: told}}), PLAN)
    assert found.problem.what == "no route"

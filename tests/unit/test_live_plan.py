"""The part of a plan that one host is looked at with."""

from __future__ import annotations

from haui.plan import build_plan, subset
from haui.session.plans import plan_of
from tests.unit.scripted_run import cluster, install
from tests.unit.specs import spec

PLAN = build_plan(cluster(), install())


def test_the_tasks_of_some_hosts_alone() -> None:
    some = subset(PLAN, ("preflight", "system"), {"cp1", "w1"})
    assert [task.id for task in some.tasks] == [
        "pre.check@cp1",
        "pre.check@w1",
        "sys.prepare@cp1",
        "sys.prepare@w1",
    ]
    assert some.tasks[2].needs == {"pre.check@cp1", "pre.check@w1"}
    assert subset(PLAN, ("preflight",), ()).tasks == ()


def test_without_hosts_all_are_meant() -> None:
    assert len(subset(PLAN, ("preflight",)).tasks) == 5


def test_a_preflight_of_one_host() -> None:
    host = spec().hosts[-1].name
    plan = plan_of(spec(), "preflight", [host])
    assert {(task.host.name, task.step.phase) for task in plan.tasks} == {(host, "preflight")}

"""Plans: what runs where, what waits for what, and what people are shown."""

from __future__ import annotations

import dataclasses
import json

import pytest

from haui.host import File
from haui.plan import PlanError, build_plan, describe, plan_sha, subset, to_json
from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Plan, Step, Values, Work
from tests.unit.scripted_run import (
    cluster,
    control_planes,
    first,
    install,
    joining,
    on_first,
    step,
    workers,
)


def ids(plan: Plan) -> list[str]:
    return [task.id for task in plan.tasks]


def needs(plan: Plan, id_: str) -> set[str]:
    return set(next(task for task in plan.tasks if task.id == id_).needs)


def test_each_step_runs_where_it_says() -> None:
    plan = build_plan(cluster(), install())
    assert [id_ for id_ in ids(plan) if id_.startswith("cp.")] == [
        "cp.init@cp1",
        "cp.join@cp2",
        "cp.join@cp3",
    ]
    assert len(plan.tasks) == 5 + 5 + 1 + 2 + 2 + 1


def test_on_one_host_each_task_needs_the_one_before() -> None:
    plan = build_plan(cluster(1, 0), [step("a"), step("b"), step("c")])
    assert ids(plan) == ["a@cp1", "b@cp1", "c@cp1"]
    assert [needs(plan, id_) for id_ in ids(plan)] == [set(), {"a@cp1"}, {"b@cp1"}]


def test_needs_are_meant_on_every_host() -> None:
    plan = build_plan(cluster(), install())
    assert needs(plan, "w.join@w1") == {"cp.join@cp2", "cp.join@cp3", "sys.prepare@w1"}
    assert needs(plan, "verify.nodes@cp1") == {"w.join@w1", "w.join@w2", "cp.init@cp1"}


def test_preflight_is_a_barrier_for_all_hosts() -> None:
    checks = [step("pre.a", "preflight", reads=True), step("pre.b", "preflight", control_planes)]
    plan = build_plan(cluster(2, 1), [*checks, step("a"), step("b")])
    last = {"pre.b@cp1", "pre.b@cp2", "pre.a@w1"}
    assert all(needs(plan, f"a@{host}") == last for host in ("cp1", "cp2", "w1"))
    assert needs(plan, "b@w1") == {"a@w1"}


def test_the_barrier_also_holds_for_a_host_without_preflight() -> None:
    check = step("pre", "preflight", control_planes)
    plan = build_plan(cluster(2, 1), [check, step("a")])
    assert needs(plan, "a@w1") == {"pre@cp1", "pre@cp2"}


def test_the_order_is_one_in_which_the_tasks_could_run() -> None:
    plan = build_plan(cluster(5, 7), install())
    seen: set[str] = set()
    for task in plan.tasks:
        assert task.needs <= seen
        seen.add(task.id)
    assert ids(plan) == ids(build_plan(cluster(5, 7), install()))


def test_a_step_may_need_one_that_stands_later_in_the_catalogue() -> None:
    catalogue = [step("w", on=workers, needs=("c",)), step("c", on=control_planes)]
    assert ids(build_plan(cluster(2, 1), catalogue)) == ["c@cp1", "c@cp2", "w@w1"]


def test_a_need_that_runs_nowhere_is_fulfilled() -> None:
    catalogue = [step("join", on=joining), step("after", on=first, needs=("join",))]
    plan = build_plan(cluster(1, 0), catalogue)
    assert needs(plan, "after@cp1") == set()


@pytest.mark.parametrize(
    ("catalogue", "message"),
    [
        ([step("a", needs=("b",))], "'a' needs 'b', which does not exist"),
        ([step("a"), step("a")], "two steps have the id 'a'"),
        ([step("a", needs=("b",)), step("b")], "in a circle: a, b"),
        ([step("a", needs=("a",))], "in a circle: a"),
        ([step("a"), step("p", "preflight")], "'p' stands after a step that changes hosts"),
        ([step("a", lane="fast")], "the lane 'fast', which does not exist"),
    ],
)
def test_a_catalogue_that_contradicts_itself(catalogue: list[Step], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        build_plan(cluster(), catalogue)


def test_a_hundred_hosts_need_few_edges() -> None:
    plan = build_plan(cluster(5, 95), install())
    assert sum(len(task.needs) for task in plan.tasks) < 100 * 100 + 1000


def test_a_subset_takes_the_rest_for_granted() -> None:
    plan = subset(build_plan(cluster(), install()), ["verify"])
    assert ids(plan) == ["verify.nodes@cp1"]
    assert needs(plan, "verify.nodes@cp1") == set()
    both = subset(build_plan(cluster(1, 1), install()), ["preflight", "workers"])
    assert needs(both, "w.join@w1") == set()
    assert ids(both) == ["pre.check@cp1", "pre.check@w1", "w.join@w1"]


def writing(content: str = "x", env: str = "1", blob: bytes = b"b") -> Step:
    def work(_spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
        assert not values
        return Work(
            probe=Call(script="look"),
            apply=Call(script="do", env={"X": env}, inputs={"blob": blob}),
            files=(File(path="/etc/x", content=f"{content} {host.name}\n".encode(), mode=0o600),),
        )

    return dataclasses.replace(step("a", disruptive="restarts x", explain="since y"), work=work)


def test_the_same_plan_has_the_same_hash_and_any_other_work_another() -> None:
    spec = cluster(2, 1)
    plans = [
        build_plan(spec, [writing()]),
        build_plan(spec, [writing(content="y")]),
        build_plan(spec, [writing(env="2")]),
        build_plan(spec, [writing(blob=b"c")]),
        build_plan(cluster(2, 2), [writing()]),
        build_plan(spec, [writing(), step("b")]),
    ]
    hashes = [plan_sha(plan) for plan in plans]
    assert len(set(hashes)) == len(plans)
    assert plan_sha(build_plan(cluster(2, 1), [writing()])) == hashes[0]


def test_what_people_are_shown() -> None:
    gate, supply, revoke = on_first("gate"), on_first("mint"), on_first("delete")
    lending = dataclasses.replace(writing(), gate=gate, supply=supply, revoke=revoke)
    (row,) = describe(build_plan(cluster(1, 0), [lending]))
    assert (row.id, row.disruptive, row.explain) == ("a@cp1", "restarts x", "since y")
    (file,) = row.files
    assert (file.path, file.mode, len(file.sha256)) == ("/etc/x", "0600", 64)
    assert [(s.part, s.script) for s in row.scripts] == [
        ("probe", "look"),
        ("gate", "gate"),
        ("supply", "mint"),
        ("apply", "do"),
        ("revoke", "delete"),
    ]
    assert row.scripts[3].env == {"X": "1"}


def test_the_json_of_a_plan_holds_no_content() -> None:
    plan = build_plan(cluster(1, 1), [writing(content="the-content", blob=b"the-blob")])
    text = json.dumps(to_json(plan))
    assert "the-content" not in text
    assert "the-blob" not in text
    shown = json.loads(text)
    assert shown["cluster"] == "atlas"
    assert shown["plan_sha"] == plan_sha(plan)
    assert [task["id"] for task in shown["tasks"]] == ["a@cp1", "a@w1"]
    assert shown["tasks"][0]["files"][0]["mode"] == "0600"

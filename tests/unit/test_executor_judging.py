"""Steps that look and judge: what is found does not keep the next look from being taken."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from haui.errors import ConnectError
from haui.events import Finding, PreflightResult, TaskFinished, TaskIntent
from haui.evidence import Evidence
from haui.execution.decisions import Decision, Undecided
from haui.plan import PlanError, build_plan, subset
from haui.spec import ClusterSpec, HostSpec
from haui.step import Step, Values, Work
from tests.unit.scripted import ScriptedFleet, answer, blocked, lost, ok
from tests.unit.scripted_run import RUN_ID, Ran, by_lines, cluster, run_install, step

NAMES = [host.name for host in cluster().hosts]


def nothing(_spec: ClusterSpec, _host: HostSpec, _values: Values) -> Work:
    return Work()


def look(id_: str, *after: str, **more: Any) -> Step:
    return step(id_, "preflight", reads=True, judge=by_lines(id_), after=after, **more)


def catalogue() -> list[Step]:
    return [
        look("pre.facts"),
        look("pre.fleet", "pre.facts"),
        step("pre.verdict", "preflight", judge=by_lines("pre.verdict"), work=nothing),
        step("sys.prepare"),
    ]


def fleet() -> ScriptedFleet:
    machines = ScriptedFleet(NAMES)
    for machine in machines.machines.values():
        machine.true |= {"pre.facts", "pre.fleet", "sys.prepare"}
    return machines


def outcomes(ran: Ran, step_id: str) -> dict[str, str]:
    return {event.host: event.outcome for event in ran.bus.of(TaskFinished, step=step_id)}


def test_what_blocks_on_one_host_stops_no_other_look_and_every_change() -> None:
    machines = fleet()
    machines["cp2"].probes["pre.facts.probe"] = [blocked("swap", "turn it off")]
    ran = run_install(catalogue(), machines)
    assert ran.result is not None
    assert ran.result.outcome == "preflight"
    assert outcomes(ran, "pre.facts")["cp2"] == "failed"
    assert outcomes(ran, "pre.fleet") == dict.fromkeys(NAMES, "unchanged")
    assert outcomes(ran, "pre.verdict")["cp2"] == "skipped"
    assert outcomes(ran, "pre.verdict")["cp1"] == "unchanged"
    assert set(outcomes(ran, "sys.prepare").values()) == {"skipped"}
    assert not ran.bus.of(TaskIntent)
    (failed,) = ran.result.failed
    assert (failed.host, failed.problem.fix) == ("cp2", "turn it off")


def test_a_host_that_is_away_keeps_the_others_from_nothing_but_changes() -> None:
    machines = fleet()
    machines["w1"].connect_error = ConnectError("can't connect", host="w1")
    ran = run_install(catalogue(), machines)
    assert outcomes(ran, "pre.fleet") == {**dict.fromkeys(NAMES, "unchanged"), "w1": "skipped"}
    assert ran.result is not None
    assert ran.result.outcome == "unreachable"
    assert not ran.bus.of(TaskIntent)


def test_a_host_whose_reading_broke_is_left_alone_after_that() -> None:
    machines = fleet()
    machines["w1"].probes["pre.facts.probe"] = [lost("w1")] * 3
    ran = run_install(catalogue(), machines)
    assert outcomes(ran, "pre.facts")["w1"] == "failed"
    assert outcomes(ran, "pre.fleet")["w1"] == "skipped"
    assert outcomes(ran, "pre.fleet")["w2"] == "unchanged"


def test_one_look_comes_after_all_hosts_had_the_one_before() -> None:
    ran = run_install(catalogue(), fleet())
    last = max(e.seq for e in ran.bus.of(TaskFinished, step="pre.facts"))
    assert last < min(e.seq for e in ran.bus.of(TaskFinished, step="pre.fleet"))


def test_what_is_judged_is_read_again_when_it_is_tried_again() -> None:
    async def again(_undecided: Undecided) -> Decision:
        return "retry"

    fleet_step = dataclasses.replace(
        look("pre.fleet", "pre.facts"), work=nothing, judge=by_lines("pre.facts")
    )
    facts = dataclasses.replace(look("pre.facts"), judge=lambda *_: ())
    machines = fleet()
    machines["w1"].probes["pre.facts.probe"] = [blocked("a name that stands twice"), ok()]
    ran = run_install([facts, fleet_step, step("sys.prepare")], machines, decide=again)
    assert ran.result is not None
    assert ran.result.outcome == "ok"
    told = [e.outcome for e in ran.bus.of(TaskFinished, host="w1", step="pre.fleet")]
    assert told == ["failed", "unchanged"]
    assert len(machines.of("run", "pre.facts.probe")) == len(NAMES) + 1


def test_readings_are_kept_as_evidence_with_the_noise_and_the_status() -> None:
    machines = fleet()
    machines["cp1"].probes["pre.facts.probe"] = [answer("a\tb\n", status=3, stderr="no room")]
    evidence = Evidence()
    run_install(catalogue(), machines, evidence=evidence)
    reading = evidence.reading("pre.facts", "cp1")
    assert reading is not None
    assert (reading.facts.one("a"), reading.status, reading.stderr) == ("b", 3, "no room")
    assert set(evidence.of("pre.facts")) == set(NAMES)


def test_who_lets_a_finding_pass_is_told_with_it() -> None:
    def judge(_spec: object, host: HostSpec, _evidence: object) -> Any:
        reason = "a test" if host.name == "cp1" else ""
        return (Finding(verdict="warning", what="swap", check="disks.swap", override=reason),)

    steps = [step("pre.facts", "preflight", reads=True, judge=judge)]
    ran = run_install(steps, fleet(), operator="ada")
    told = {event.host: event for event in ran.bus.of(PreflightResult)}
    assert (told["cp1"].check, told["cp1"].override, told["cp1"].by) == (
        "disks.swap", "a test", "ada",
    )  # fmt: skip
    assert told["cp2"].by == ""


def test_a_new_run_is_not_asked_about_on_any_host() -> None:
    machines = fleet()
    run_install(catalogue(), machines, new=True)
    assert not machines.of("tasks", RUN_ID)
    run_install(catalogue(), machines)
    assert sorted(machines.of("tasks", RUN_ID)) == sorted(NAMES)


def test_what_is_done_once_is_left_out_when_an_install_is_continued() -> None:
    steps = [look("pre.facts"), look("pre.reach", "pre.facts", once=True), step("sys.prepare")]
    plan = build_plan(cluster(), steps)
    continued = subset(plan, ("preflight", "system"), continued=True)
    assert {task.step.id for task in continued.tasks} == {"pre.facts", "sys.prepare"}
    assert all("pre.reach" not in need for task in continued.tasks for need in task.needs)


@pytest.mark.parametrize(
    "steps",
    [
        [look("pre.facts", "sys.prepare"), step("sys.prepare")],
        [look("pre.facts"), step("sys.prepare", after=("pre.facts",))],
        [look("pre.facts", "nothing")],
    ],
)
def test_only_looks_come_after_looks(steps: list[Step]) -> None:
    with pytest.raises(PlanError):
        build_plan(cluster(), steps)

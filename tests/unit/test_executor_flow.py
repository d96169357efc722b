"""The executor's main line: order, parallelism, lanes, what is skipped, and the outcome."""

from __future__ import annotations

import dataclasses

import pytest

from haui.errors import ConnectError
from haui.events import (
    Finding,
    HostConnected,
    PreflightResult,
    RunFinished,
    TaskDrifted,
    TaskFinished,
    TaskIntent,
    TaskOutput,
    TaskStarted,
    TaskWaiting,
)
from haui.execution.executor import LocalCheck
from haui.host import File
from haui.plan import build_plan
from haui.step import Call, Step, Work
from tests.unit.scripted import Attempt, ScriptedFleet, answer, blocked, differs, ok
from tests.unit.scripted_run import (
    Ran,
    RecordingBus,
    cluster,
    first,
    install,
    prepared,
    run_install,
    step,
)


def names() -> list[str]:
    return [host.name for host in cluster().hosts]


def test_a_fresh_install_ends_ok_and_changes_what_was_to_be_changed() -> None:
    ran = run_install(install())
    assert ran.result is not None
    assert ran.result.outcome == "ok"
    assert ran.result.counts == {"ok": 10, "unchanged": 6}
    assert (ran.result.changed, ran.result.left, ran.result.failed) == (10, 0, ())
    assert isinstance(ran.bus.events[-1], RunFinished)
    assert ran.fleet["cp2"].bodies == ["sys.prepare", "cp.join"]
    assert ran.fleet["w1"].bodies == ["sys.prepare", "w.join"]


def test_a_second_run_changes_nothing() -> None:
    fleet = prepared(names())
    run_install(install(), fleet)
    before = {name: list(machine.bodies) for name, machine in fleet.machines.items()}
    again = run_install(install(), fleet)
    assert again.result is not None
    assert (again.result.changed, again.result.counts) == (0, {"unchanged": 16})
    assert not again.bus.of(TaskIntent)
    assert {name: machine.bodies for name, machine in fleet.machines.items()} == before


def test_the_events_of_a_task_come_in_order() -> None:
    ran = run_install([step("a")], spec=cluster(1, 0))
    kinds = [type(event) for event in ran.bus.events]
    expected = [HostConnected, TaskStarted, TaskIntent, TaskOutput, TaskFinished, RunFinished]
    assert kinds == expected
    (finished,) = ran.bus.of(TaskFinished)
    assert (finished.outcome, finished.attempt) == ("ok", 1)
    assert finished.findings == (
        Finding(verdict="ok", what="it", expected="as asked", seen="as asked"),
    )
    assert finished.seconds == pytest.approx(10.3, abs=0.01)  # probe, start, body, probe


def test_hosts_work_in_parallel_and_each_host_does_one_thing_at_a_time() -> None:
    ran = run_install([step("a"), step("b")])
    assert ran.result is not None
    assert ran.fleet.width == {"a": 5, "b": 5}
    assert ran.result.seconds < 25  # ten bodies of 10 s on five hosts


def test_nothing_is_changed_before_all_of_preflight_has_succeeded() -> None:
    ran = run_install(install())
    kinds = [(type(e), e.step) for e in ran.bus.of(TaskFinished) + ran.bus.of(TaskIntent)]
    assert kinds.count((TaskFinished, "pre.check")) == 5
    last_check = max(e.seq for e in ran.bus.of(TaskFinished, step="pre.check"))
    assert last_check < min(e.seq for e in ran.bus.of(TaskIntent))


def test_a_failed_preflight_changes_nothing_anywhere() -> None:
    fleet = prepared(names())
    fleet["w2"].true.clear()
    ran = run_install(install(), fleet)
    assert ran.result is not None
    assert ran.result.outcome == "preflight"
    assert ran.result.counts == {"unchanged": 4, "failed": 1, "skipped": 11}
    assert not ran.bus.of(TaskIntent)
    assert [(f.host, f.cause) for f in ran.result.failed] == [("w2", "preflight")]
    told = ran.bus.of(PreflightResult, host="w2")
    assert [(t.check, t.verdict, t.seen) for t in told] == [("it", "blocked", "something else")]


def test_an_unreachable_host_of_a_fresh_install_changes_nothing_anywhere() -> None:
    fleet = prepared(names())
    fleet["cp3"].connect_error = ConnectError(
        "can't connect", why="no route to host", fix="switch it on", host="cp3"
    )
    ran = run_install(install(), fleet)
    assert ran.result is not None
    assert ran.result.outcome == "unreachable"
    assert not ran.bus.of(TaskIntent)
    (failed,) = ran.bus.of(TaskFinished, outcome="failed")
    assert (failed.host, failed.step) == ("cp3", "pre.check")
    assert failed.problem is not None
    assert (failed.problem.why, failed.problem.fix) == ("no route to host", "switch it on")
    skipped = ran.bus.of(TaskFinished, outcome="skipped")
    assert len(skipped) == 11
    assert all(s.problem and "cp3" in s.problem.what for s in skipped)


def test_an_install_that_has_begun_goes_on_without_a_host_that_is_gone() -> None:
    fleet = prepared(names())
    fleet["w1"].attempts["sys.prepare"] = [Attempt(rc=1)]
    run_install(install(), fleet)
    fleet["w2"].connect_error = ConnectError("can't connect", host="w2")
    ran = run_install(install(), fleet)
    assert ran.result is not None
    assert ran.result.outcome == "unreachable"
    assert "w.join" in fleet["w1"].true
    assert ran.bus.of(TaskFinished, host="cp1", step="verify.nodes")[0].outcome == "skipped"


def test_a_preflight_failure_of_a_reachable_host_stops_an_install_that_has_begun() -> None:
    fleet = prepared(names())
    fleet["cp1"].attempts["cp.init"] = [Attempt(rc=1)]
    run_install(install(), fleet)
    fleet["w2"].true.discard("pre.check")
    ran = run_install(install(), fleet)
    assert ran.result is not None
    assert ran.result.outcome == "preflight"
    assert not ran.bus.of(TaskIntent)


def test_a_failure_stops_only_what_needs_it() -> None:
    fleet = prepared(names())
    fleet["w1"].attempts["sys.prepare"] = [Attempt(rc=2, lines=("E: no such package",))]
    ran = run_install(install(), fleet)
    assert ran.result is not None
    assert ran.result.outcome == "failed"
    assert "w.join" in fleet["w2"].true
    assert fleet["w1"].bodies == ["sys.prepare"]
    outcomes = {(f.host, f.step): f for f in ran.bus.of(TaskFinished)}
    assert outcomes["w1", "w.join"].outcome == "skipped"
    failed = outcomes["w1", "sys.prepare"]
    assert failed.problem is not None
    assert "exit status 2" in failed.problem.what
    assert failed.problem.why == "E: no such package"


def test_only_a_verification_fails() -> None:
    fleet = prepared(names())
    fleet["cp1"].true.discard("verify.nodes")
    ran = run_install(install(), fleet)
    assert ran.result is not None
    assert ran.result.outcome == "verification"
    assert ran.result.changed == 10


def test_a_blocked_probe_asks_for_a_person() -> None:
    fleet = prepared(["cp1"])
    fleet["cp1"].probes["a.probe"] = [blocked("swap in a partition", "run swapoff")]
    ran = run_install([step("a")], fleet, spec=cluster(1, 0))
    assert not ran.bus.of(TaskIntent)
    (finished,) = ran.bus.of(TaskFinished)
    assert finished.problem is not None
    assert (finished.problem.what, finished.problem.fix) == ("swap in a partition", "run swapoff")


def test_a_body_that_ran_without_effect_is_a_failure() -> None:
    fleet = prepared(["cp1"])
    fleet["cp1"].attempts["a"] = [Attempt(applies=False)]
    ran = run_install([step("a")], fleet, spec=cluster(1, 0))
    (finished,) = ran.bus.of(TaskFinished)
    assert finished.outcome == "failed"
    assert finished.problem is not None
    assert finished.problem.why == "it: expected as asked, found something else"
    assert len(ran.bus.of(TaskIntent)) == 1


def test_the_proof_may_take_a_moment() -> None:
    fleet = prepared(["cp1"])
    fleet["cp1"].probes["a.probe"] = [differs(), differs(), ok()]
    ran = run_install([step("a")], fleet, spec=cluster(1, 0))
    assert ran.bus.of(TaskFinished)[0].outcome == "ok"


@pytest.mark.parametrize("said", [answer(), answer(status=3, stderr="sh: oops"), answer("x\ty\n")])
def test_a_probe_that_proves_nothing_is_not_trusted(said: object) -> None:
    fleet = prepared(["cp1"])
    fleet["cp1"].probes["a.probe"] = [said]  # type: ignore[list-item]
    ran = run_install([step("a")], fleet, spec=cluster(1, 0))
    assert len(ran.bus.of(TaskIntent)) == 1


def test_a_probe_that_fails_after_an_ok_line_is_not_trusted() -> None:
    fleet = prepared(["cp1"])
    said = answer("ok\tpart one\n", status=1, stderr="part two: not found\n")
    fleet["cp1"].probes["a.probe"] = [said]
    ran = run_install([step("a", reads=True)], fleet, spec=cluster(1, 0))
    (finished,) = ran.bus.of(TaskFinished)
    assert finished.outcome == "failed"
    assert finished.problem is not None
    assert "part two: not found" in finished.problem.why


def test_control_planes_join_one_at_a_time_and_workers_in_a_group() -> None:
    spec = cluster(5, 12)
    ran = run_install(install(), prepared([h.name for h in spec.hosts]), spec=spec)
    assert ran.result is not None
    assert ran.result.outcome == "ok"
    assert ran.fleet.width["cp.join"] == 1
    assert ran.fleet.width["w.join"] == 5
    assert ran.fleet.width["sys.prepare"] == 17
    reasons = {waiting.reason for waiting in ran.bus.of(TaskWaiting, step="cp.join")}
    assert reasons == {"waits for its turn (control-plane-join: 1 at a time)"}


def test_a_failed_join_gives_the_lane_back() -> None:
    fleet = prepared(names())
    fleet["cp2"].attempts["cp.join"] = [Attempt(rc=1)]
    run_install(install(), fleet)
    assert "cp.join" in fleet["cp3"].true


def placing(id_: str = "files") -> Step:
    file = File(path="/etc/haui/x", content=b"x\n", mode=0o600)
    return dataclasses.replace(step(id_), work=lambda *_: Work(files=(file,)))


def test_files_alone_are_looked_at_and_placed() -> None:
    ran = run_install([placing()], spec=cluster(1, 0))
    assert ran.bus.of(TaskFinished)[0].outcome == "ok"
    probe, apply, _ = ran.fleet.scripts
    assert probe.text == "# library\n\n# files\n"
    digest = "73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac"
    assert probe.inputs["manifest.expected"] == f"{digest}\t600\t/etc/haui/x\t\n".encode()
    assert (apply.name, apply.text) == ("files.apply", ":\n")
    (running,) = ran.fleet["cp1"].tasks.values()
    assert [file.path for file in running.files] == ["/etc/haui/x"]


def test_scripts_know_about_whom_they_are() -> None:
    work = Work(probe=Call(script="look", env={"X": "1"}), apply=Call(script="do"))
    ran = run_install([dataclasses.replace(step("a"), work=lambda *_: work)], spec=cluster(1, 0))
    probe, apply, _ = ran.fleet.scripts
    common = {"HAUI_HOST": "cp1", "HAUI_ADDRESS": "10.0.0.1", "HAUI_STEP": "a"}
    assert dict(probe.env) == {**common, "HAUI_PART": "probe", "X": "1"}
    assert dict(apply.env) == {**common, "HAUI_PART": "apply"}
    assert (probe.name, probe.text) == ("a.probe", "# library\n\n# look\n")
    assert (apply.name, apply.text) == ("a.apply", "# library\n\n# do\n")


def measuring() -> Step:
    return step("verify.load", "verify", first, always=True)


@pytest.mark.parametrize(
    ("attempt", "outcome", "run_outcome"),
    [
        (Attempt(lines=("noise", "ok\tpods\t2\t2")), "ok", "ok"),
        (Attempt(lines=("ok\tpods\t2\t2", "differs\tdns\tanswer\tnone")), "failed", "verification"),
        (Attempt(lines=("ok\tpods\t2\t2",), rc=1), "failed", "verification"),
        (Attempt(lines=("noise",)), "failed", "verification"),
    ],
)
def test_a_step_that_only_measures(attempt: Attempt, outcome: str, run_outcome: str) -> None:
    fleet = prepared(["cp1"])
    fleet["cp1"].attempts["verify.load"] = [attempt]
    ran = run_install([measuring()], fleet, spec=cluster(1, 0))
    assert ran.result is not None
    assert (ran.result.outcome, ran.result.changed) == (run_outcome, 0)
    assert ran.bus.of(TaskFinished)[0].outcome == outcome
    assert not fleet.of("run", "verify.load.probe")


def test_what_was_done_and_is_not_any_more_is_said_before_it_is_done_again() -> None:
    fleet = prepared(["cp1"])
    ran = run_install([step("a"), step("b")], fleet, spec=cluster(1, 0), settled=("a@cp1",))
    (drifted,) = ran.bus.of(TaskDrifted)
    assert (drifted.host, drifted.step) == ("cp1", "a")
    assert [found.verdict for found in drifted.findings] == ["differs"]
    kinds = [event.kind for event in ran.bus.events if getattr(event, "step", "") == "a"]
    assert kinds.index("task_drifted") < kinds.index("task_intent")


@pytest.mark.parametrize(("changes", "measured"), [(False, 0), (True, 1)])
def test_a_measurement_is_repeated_only_after_a_change(changes: bool, measured: int) -> None:
    fleet = prepared(["cp1"])
    fleet["cp1"].true.add("a")
    catalogue = [step("a"), measuring()]
    if changes:
        fleet["cp1"].true.discard("a")
    fleet["cp1"].attempts["verify.load"] = [Attempt(lines=("ok\tpods\t2\t2",))]
    settled = ("a@cp1", "verify.load@cp1")
    again = run_install(catalogue, fleet, spec=cluster(1, 0), settled=settled)
    assert again.result is not None
    assert again.result.outcome == "ok"
    begun = [event for event in again.bus.of(TaskIntent) if event.step == "verify.load"]
    assert len(begun) == measured


def test_artefacts_are_fetched_also_when_nothing_was_to_be_done() -> None:
    fleet = prepared(["cp1"])
    fleet["cp1"].files["/etc/kubernetes/admin.conf"] = b"conf"
    catalogue = [step("a", fetch={"admin.conf": "/etc/kubernetes/admin.conf"})]
    assert run_install(catalogue, fleet, spec=cluster(1, 0)).stored == {"admin.conf": b"conf"}
    assert run_install(catalogue, fleet, spec=cluster(1, 0)).stored == {"admin.conf": b"conf"}


def test_an_artefact_that_is_not_there_is_a_failure() -> None:
    ran = run_install([step("a", fetch={"admin.conf": "/nowhere"})], spec=cluster(1, 0))
    assert ran.bus.of(TaskFinished)[0].outcome == "failed"
    assert ran.stored == {}


def local(*findings: Finding) -> LocalCheck:
    async def check() -> tuple[Finding, ...]:
        return findings

    return LocalCheck(host="bastion", step="verify.bastion", title="The API from here", check=check)


@pytest.mark.parametrize(("verdict", "run_outcome"), [("ok", "ok"), ("differs", "verification")])
def test_checks_on_this_machine_come_last_and_count(verdict: str, run_outcome: str) -> None:
    finding = Finding(verdict=verdict, what="API through the VIP")  # type: ignore[arg-type]
    ran = run_install([step("a")], spec=cluster(1, 0), local_checks=[local(finding)])
    assert ran.result is not None
    assert ran.result.outcome == run_outcome
    *_, finished, end = ran.bus.events
    assert isinstance(finished, TaskFinished)
    assert (finished.host, finished.step) == ("bastion", "verify.bastion")
    assert isinstance(end, RunFinished)
    assert end.outcome == run_outcome


def test_checks_on_this_machine_are_not_made_after_a_failure() -> None:
    fleet = prepared(["cp1"])
    fleet["cp1"].attempts["a"] = [Attempt(rc=1)]
    finding = Finding(verdict="ok", what="x")
    ran = run_install([step("a")], fleet, spec=cluster(1, 0), local_checks=[local(finding)])
    assert not ran.bus.of(TaskFinished, host="bastion")


def test_a_plan_without_tasks_ends_at_once() -> None:
    ran = run_install([])
    assert ran.result is not None
    assert (ran.result.outcome, ran.result.counts) == ("ok", {})


def test_a_defect_in_a_step_is_not_hidden() -> None:
    def broken(*_: object) -> Work:
        raise ZeroDivisionError

    fleet = ScriptedFleet(["cp1"])
    plan = build_plan(cluster(1, 0), [dataclasses.replace(step("a"), work=broken)])
    with pytest.raises(ZeroDivisionError):
        fleet.play(Ran(fleet, RecordingBus()).go(plan))

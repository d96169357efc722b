"""What becomes of a failed task when somebody is asked: retry, skip, stop, and no answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from haui.errors import ConnectError
from haui.events import (
    HostConnected,
    RunFinished,
    TaskFinished,
    TaskIntent,
    TaskStarted,
)
from haui.execution.controls import Controls
from haui.execution.decisions import Decision, Undecided
from haui.plan import build_plan
from haui.record.state import RunState
from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from tests.unit.admins import Admin, fleet_where, outcome, outcomes, state_of
from tests.unit.scripted import Attempt, ScriptedFleet, blocked, lost, ok
from tests.unit.scripted_run import (
    Ran,
    cluster,
    first,
    install,
    prepared,
    run_install,
    step,
)

# Retry


def test_a_retry_runs_the_task_again_with_the_next_attempt_and_the_failure_is_forgotten() -> None:
    fleet = fleet_where("cp2", "cp.join", Attempt(rc=1, lines=("bad",)))
    admin = Admin({"cp.join@cp2": ["retry"]})
    ran = run_install(install(), fleet, decide=admin)
    assert outcome(ran) == "ok"
    assert ran.result is not None
    assert (ran.result.failed, ran.result.counts.get("failed")) == ((), None)
    assert [i.attempt for i in ran.bus.of(TaskIntent, host="cp2", step="cp.join")] == [1, 2]
    turns = ran.bus.of(TaskFinished, host="cp2", step="cp.join")
    assert [turn.outcome for turn in turns] == ["failed", "ok"]
    assert len(ran.bus.of(TaskStarted, host="cp2", step="cp.join")) == 2
    state = state_of(ran, build_plan(cluster(), install()))
    assert (state.outcome, state.settled_count) == ("ok", state.total)


def test_what_is_asked_says_what_failed_and_nothing_is_cut_off_meanwhile() -> None:
    fleet = fleet_where("cp2", "cp.join", Attempt(rc=1))
    admin = Admin({"cp.join@cp2": [100.0, "retry"]})
    ran = run_install(install(), fleet, decide=admin)
    (undecided,) = admin.asked
    assert (undecided.host, undecided.step, undecided.title) == (
        "cp2",
        "cp.join",
        "The cp.join step",
    )
    assert undecided.finished.problem is not None
    assert undecided.since == undecided.finished.at
    assert undecided.finished.seq > 0
    assert not [event for event in ran.bus.of(TaskFinished) if event.outcome == "skipped"]


def test_other_hosts_go_on_while_one_is_undecided() -> None:
    fleet = fleet_where("w1", "sys.prepare", Attempt(rc=1))
    admin = Admin({"sys.prepare@w1": [1000.0, "retry"]})
    ran = run_install(install(), fleet, decide=admin)
    assert outcome(ran) == "ok"
    again = ran.bus.of(TaskStarted, host="w1", step="sys.prepare")[1]
    (joined,) = ran.bus.of(TaskFinished, host="w2", step="w.join")
    assert joined.seq < again.seq


def test_a_retry_that_fails_is_asked_about_again() -> None:
    fleet = fleet_where("cp2", "cp.join", *[Attempt(rc=1)] * 3)
    admin = Admin({"cp.join@cp2": ["retry", "retry", "retry"]})
    ran = run_install(install(), fleet, decide=admin)
    assert outcome(ran) == "ok"
    assert len(admin.asked) == 3
    assert fleet["cp2"].bodies.count("cp.join") == 4


def test_a_lane_is_free_while_its_task_is_undecided() -> None:
    fleet = fleet_where("cp2", "cp.join", Attempt(rc=1))
    admin = Admin({"cp.join@cp2": [1000.0, "retry"]})
    ran = run_install(install(), fleet, decide=admin)
    (other,) = ran.bus.of(TaskFinished, host="cp3", step="cp.join")
    assert other.seq < ran.bus.of(TaskStarted, host="cp2", step="cp.join")[1].seq
    assert fleet.width["cp.join"] == 1


def test_a_task_whose_connection_was_lost_is_found_running_by_a_retry() -> None:
    fleet = fleet_where("cp2", "cp.join", Attempt(seconds=300))
    gone = ConnectError("cp2 does not answer", host="cp2")
    fleet["cp2"].errors["follow:cp.join"] = [gone]
    admin = Admin({"cp.join@cp2": [5.0, "retry"]})
    ran = run_install(install(), fleet, decide=admin)
    assert outcome(ran) == "ok"
    assert fleet["cp2"].bodies.count("cp.join") == 1
    intents = ran.bus.of(TaskIntent, host="cp2", step="cp.join")
    assert [(i.attempt, i.reattached) for i in intents] == [(1, False), (1, True)]
    assert fleet.width["cp.join"] == 1


def test_a_host_that_could_not_be_reached_is_dialled_again() -> None:
    fleet = prepared([host.name for host in cluster().hosts])
    fleet["w1"].connect_errors = [ConnectError("no route", host="w1")] * 2
    admin = Admin({"pre.check@w1": [3.0, "retry", "retry"]})
    ran = run_install(install(), fleet, decide=admin)
    assert outcome(ran) == "ok"
    assert len(fleet.of("connect", "")) == 5 + 2
    assert len(ran.bus.of(HostConnected, host="w1")) == 1
    assert len(admin.asked) == 2


def test_several_hosts_may_be_undecided_in_preflight() -> None:
    fleet = prepared([host.name for host in cluster().hosts])
    for name in ("cp1", "w2"):
        fleet[name].probes["pre.check.probe"] = [blocked("port 6443 is taken")]
    admin = Admin({"pre.check@cp1": [20.0, "retry"], "pre.check@w2": [10.0, "retry"]})
    ran = run_install(install(), fleet, decide=admin)
    assert {undecided.host for undecided in admin.asked} == {"cp1", "w2"}
    assert outcome(ran) == "ok"
    begun = ran.bus.of(TaskIntent)[0]
    assert begun.seq > max(e.seq for e in ran.bus.of(TaskFinished, step="pre.check"))


def test_an_install_that_has_begun_goes_on_while_a_lost_host_is_undecided() -> None:
    fleet = prepared([host.name for host in cluster().hosts])
    run_install(install(), fleet, spec=cluster())
    for machine in fleet.machines.values():
        machine.true.discard("sys.prepare")
    fleet["w1"].connect_errors = [ConnectError("no route", host="w1")]
    admin = Admin({"pre.check@w1": [1000.0, "retry"]})
    ran = run_install(install(), fleet, decide=admin)
    assert outcome(ran) == "ok"
    (prepared_there,) = ran.bus.of(TaskFinished, host="w2", step="sys.prepare")
    (connected,) = ran.bus.of(HostConnected, host="w1")
    assert prepared_there.seq < connected.seq
    assert fleet["w2"].bodies.count("sys.prepare") == 2


# Skip


def test_a_skip_leaves_the_host_out_and_the_others_go_on_without_it() -> None:
    fleet = fleet_where("w1", "sys.prepare", Attempt(rc=1))
    admin = Admin({"sys.prepare@w1": ["skip"]})
    ran = run_install(install(), fleet, decide=admin)
    assert outcome(ran) == "failed"
    assert outcomes(ran, "w1") == {
        "pre.check": "unchanged",
        "sys.prepare": "failed",
        "w.join": "skipped",
    }
    assert outcomes(ran, "w2")["w.join"] == "ok"
    assert outcomes(ran, "cp1")["verify.nodes"] == "unchanged"
    (skipped,) = ran.bus.of(TaskFinished, host="w1", step="w.join")
    assert skipped.problem is not None
    assert skipped.problem.what == "left out by the admin"
    assert ran.result is not None
    assert [(f.host, f.step, f.cause) for f in ran.result.failed] == [
        ("w1", "sys.prepare", "left-out")
    ]
    assert ran.result.left == 0


def test_a_left_out_host_is_taken_up_again_by_resume() -> None:
    fleet = fleet_where("cp3", "cp.join", Attempt(rc=1))
    ran = run_install(install(), fleet, decide=Admin({"cp.join@cp3": ["skip"]}))
    state = state_of(ran, build_plan(cluster(), install()))
    assert (state.outcome, state.unfinished) == ("failed", True)
    assert state.task("cp3", "cp.join").status == "failed"
    assert not [id_ for id_ in state.settled() if id_ == "cp.join@cp3"]
    again = run_install(install(), fleet, settled=state.settled())
    assert outcome(again) == "ok"
    assert outcomes(again, "cp3")["cp.join"] == "ok"


def test_an_unreachable_host_that_is_left_out_makes_the_run_failed() -> None:
    fleet = prepared([host.name for host in cluster().hosts])
    fleet["w1"].errors["start:sys.prepare"] = [ConnectError("gone", host="w1")]
    ran = run_install(install(), fleet, decide=Admin({"sys.prepare@w1": ["skip"]}))
    assert outcome(ran) == "failed"


def test_what_judges_the_whole_does_not_miss_who_is_left_out() -> None:
    seen: dict[str, list[str]] = {}

    def looking(id_: str) -> Callable[[ClusterSpec, HostSpec, Values], Work]:
        def work(spec: ClusterSpec, _host: HostSpec, _values: Values) -> Work:
            seen[id_] = [host.name for host in spec.hosts]
            return Work(probe=Call(script=f"{id_}.probe"))

        return work

    catalogue = install()
    late = step("sys.late", "network", first, work=looking("sys.late"), needs=("w.join",))
    proof = step("verify.nodes", "verify", first, work=looking("verify"), needs=("w.join",))
    fleet = fleet_where("w1", "sys.prepare", Attempt(rc=1))
    fleet["cp1"].true |= {"sys.late"}
    fleet["cp1"].probes["verify.probe"] = [ok()]
    run_install([*catalogue[:-1], late, proof], fleet, decide=Admin({"sys.prepare@w1": ["skip"]}))
    assert seen == {
        "sys.late": ["cp1", "cp2", "cp3", "w1", "w2"],
        "verify": ["cp1", "cp2", "cp3", "w2"],
    }


@pytest.mark.parametrize(("host", "id_"), [("cp1", "cp.init"), ("w1", "pre.check")])
def test_a_skip_that_is_refused_is_no_decision(host: str, id_: str) -> None:
    fleet = prepared([each.name for each in cluster().hosts])
    fleet[host].probes[f"{id_}.probe"] = [blocked()]
    ran = run_install(install(), fleet, decide=Admin({f"{id_}@{host}": ["skip"]}))
    assert outcomes(ran, "w2")["w.join"] == "skipped"
    problem = ran.bus.of(TaskFinished, host="w2", step="w.join")[0].problem
    assert problem is not None
    assert problem.what.startswith("not begun, because")


def test_the_second_control_plane_of_three_can_not_be_left_out_too() -> None:
    fleet = fleet_where("cp2", "cp.join", Attempt(rc=1))
    fleet["cp3"].attempts["cp.join"] = [Attempt(rc=1)]
    admin = Admin({"cp.join@cp2": ["skip"], "cp.join@cp3": ["skip"]})
    ran = run_install(install(), fleet, decide=admin)
    assert outcomes(ran, "w1")["w.join"] == "skipped"
    assert outcome(ran) == "failed"


# Stop, and no answer


def test_a_decision_to_stop_ends_the_run() -> None:
    fleet = fleet_where("cp2", "cp.join", Attempt(rc=1))
    controls = Controls()
    ran = run_install(install(), fleet, controls=controls, decide=Admin({"cp.join@cp2": ["stop"]}))
    assert controls.level == "stop"
    assert outcome(ran) == "failed"
    assert outcomes(ran, "cp3")["cp.join"] == "ok"  # it was changing its host
    assert outcomes(ran, "w1")["w.join"] == "skipped"


def test_a_stop_for_one_host_ends_the_waiting_for_the_others() -> None:
    fleet = fleet_where("w1", "sys.prepare", Attempt(rc=1))
    fleet["w2"].attempts["sys.prepare"] = [Attempt(rc=1)]
    fleet["cp1"].attempts["sys.prepare"] = [Attempt(seconds=100)]
    admin = Admin({"sys.prepare@w1": [50.0, "stop"]})
    ran = run_install(install(), fleet, decide=admin)
    assert admin.given_up == 1
    assert outcome(ran) == "cancelled"
    assert outcomes(ran, "w2")["w.join"] == "skipped"
    assert "cp.init" not in outcomes(ran, "cp1")


def stopping(how: Callable[[Controls], object], fleet: ScriptedFleet, admin: Admin) -> Ran:
    """An install that is stopped in its 500th second."""
    ran, controls = Ran(fleet), Controls()

    async def main() -> None:
        running = asyncio.ensure_future(
            ran.go(build_plan(cluster(), install()), controls=controls, decide=admin)
        )
        await asyncio.sleep(500)
        how(controls)
        await running

    fleet.play(main())
    return ran


@pytest.mark.parametrize("how", [Controls.stop, Controls.stop_now])
def test_a_stop_ends_the_waiting_as_a_failure(how: Callable[[Controls], object]) -> None:
    admin = Admin()
    ran = stopping(how, fleet_where("cp2", "cp.join", Attempt(rc=1)), admin)
    assert admin.given_up == 1
    assert ran.result is not None
    assert [(f.host, f.step) for f in ran.result.failed] == [("cp2", "cp.join")]
    assert outcomes(ran, "w1")["w.join"] == "skipped"
    assert isinstance(ran.bus.events[-1], RunFinished)


def test_a_retry_during_a_pause_begins_when_the_run_goes_on() -> None:
    fleet = fleet_where("cp2", "cp.join", Attempt(rc=1))
    controls = Controls()

    class Pausing(Admin):
        async def __call__(self, undecided: Undecided) -> Decision:
            controls.pause()
            asyncio.get_running_loop().call_later(700, controls.resume)
            return await super().__call__(undecided)

    ran = run_install(
        install(), fleet, controls=controls, decide=Pausing({"cp.join@cp2": ["retry"]})
    )
    assert outcome(ran) == "ok"
    assert ran.result is not None
    assert ran.result.seconds > 700


def test_a_run_that_is_left_stops_asking_and_touches_nothing() -> None:
    fleet = fleet_where("cp2", "cp.join", Attempt(rc=1))
    admin, ran = Admin(), Ran(fleet)

    async def main() -> None:
        going = ran.go(build_plan(cluster(), install()), decide=admin)
        running = asyncio.ensure_future(going)
        await asyncio.sleep(500)
        running.cancel()
        await running

    with pytest.raises(asyncio.CancelledError):
        fleet.play(main())
    assert admin.given_up == 1
    state = state_of(ran, build_plan(cluster(), install()))
    assert (state.outcome, state.task("cp2", "cp.join").status) == ("", "failed")
    assert outcome_of_resume(fleet, state) == "ok"


def outcome_of_resume(fleet: ScriptedFleet, state: RunState) -> str:
    return outcome(run_install(install(), fleet, settled=state.settled()))


def test_nobody_is_asked_about_a_run_that_is_stopping() -> None:
    admin = Admin()
    fleet = fleet_where("cp1", "cp.init", Attempt(rc=1, seconds=900))
    ran = stopping(Controls.stop, fleet, admin)
    assert admin.asked == []
    assert outcomes(ran, "cp1")["cp.init"] == "failed"


def test_a_defect_of_who_decides_ends_the_run() -> None:
    async def broken(_undecided: Undecided) -> Decision:
        raise RuntimeError("no")

    fleet = fleet_where("cp2", "cp.join", Attempt(rc=1))
    with pytest.raises(RuntimeError, match="no"):
        run_install(install(), fleet, decide=broken)


def test_a_worker_that_is_gone_can_be_left_out_of_an_install_that_has_begun() -> None:
    """Before the first change every host has to be there; afterwards the rest can be finished."""
    fleet = prepared([host.name for host in cluster().hosts])
    fleet["w1"].attempts["w.join"] = [Attempt(rc=1)]
    run_install(install(), fleet, spec=cluster())
    fleet["w1"].connect_error = ConnectError("no route", host="w1")
    admin = Admin({"pre.check@w1": ["skip"]})
    ran = run_install(install(), fleet, decide=admin)
    assert [undecided.begun for undecided in admin.asked] == [True]
    assert outcomes(ran, "cp1")["verify.nodes"] == "unchanged"
    assert set(outcomes(ran, "w1").values()) == {"failed", "skipped"}
    assert ran.result is not None
    assert [(f.host, f.cause) for f in ran.result.failed] == [("w1", "left-out")]


def test_a_connection_lost_for_good_while_probing_is_decided_about() -> None:
    fleet = prepared([host.name for host in cluster().hosts])
    fleet["w1"].probes["sys.prepare.probe"] = [lost("w1")] * 3
    ran = run_install(install(), fleet, decide=Admin({"sys.prepare@w1": ["retry"]}))
    assert outcome(ran) == "ok"


def test_without_anybody_to_ask_a_failure_cuts_off_at_once() -> None:
    catalogue: list[Step] = install()
    ran = run_install(catalogue, fleet_where("cp2", "cp.join", Attempt(rc=1)))
    assert outcome(ran) == "failed"
    assert outcomes(ran, "w1")["w.join"] == "skipped"

"""What the executor does when hosts, connections and scripts give trouble."""

from __future__ import annotations

import pytest

from haui.errors import ConnectError, HostKeyError, JournalError
from haui.events import (
    AnyEvent,
    HostConnected,
    HostLost,
    TaskFinished,
    TaskIntent,
    TaskOutput,
    TaskRetrying,
)
from haui.plan import build_plan
from tests.unit.one_host import (
    alone,
    left_running,
    lending,
    only_finished,
    run_alone,
    with_token,
)
from tests.unit.scripted import (
    Attempt,
    answer,
    blocked,
    differs,
    lost,
)
from tests.unit.scripted_run import (
    Ran,
    RecordingBus,
    cluster,
    install,
    prepared,
    run_install,
    step,
)

LOCKED = "E: Could not get lock /var/lib/dpkg/lock-frontend"


# Attempts that end badly


def test_a_task_that_still_runs_is_joined_and_not_begun_again() -> None:
    fleet = alone()
    left_running(fleet, "cp1", "a")
    ran = run_alone(fleet)
    assert [(i.attempt, i.reattached) for i in ran.bus.of(TaskIntent)] == [(1, True)]
    assert only_finished(ran).outcome == "ok"
    assert fleet["cp1"].bodies == ["a"]
    assert not fleet.of("start", "a")
    assert ran.bus.of(TaskOutput)


def test_a_task_that_was_done_meanwhile_is_not_begun_again() -> None:
    fleet = alone()
    left_running(fleet, "cp1", "a")
    fleet.now = 100
    ran = run_alone(fleet)
    assert only_finished(ran).outcome == "unchanged"
    assert fleet["cp1"].bodies == ["a"]


def test_a_task_that_failed_earlier_is_begun_again_with_the_next_number() -> None:
    fleet = alone()
    fleet["cp1"].attempts["a"] = [Attempt(rc=1)]
    run_alone(fleet)
    ran = run_alone(fleet)
    assert [i.attempt for i in ran.bus.of(TaskIntent)] == [2]
    assert only_finished(ran).outcome == "ok"


def test_a_join_that_still_runs_keeps_others_out_of_its_lane() -> None:
    fleet = prepared([host.name for host in cluster().hosts])
    for machine in fleet.machines.values():
        machine.true |= {"sys.prepare", "cp.init"}
    left_running(fleet, "cp3", "cp.join")
    fleet["cp3"].probes["sys.prepare.probe"] = [lost("cp3")]  # so that cp2 is ready first
    ran = run_install(install(), fleet)
    assert ran.result is not None
    assert ran.result.outcome == "ok"
    assert fleet.width["cp.join"] == 1
    assert fleet["cp3"].bodies == ["cp.join"]


def test_a_lane_opens_only_when_every_host_has_said_what_it_runs() -> None:
    fleet = prepared(["cp1", "cp2", "cp3"])
    left_running(fleet, "cp3", "a")
    fleet["cp3"].connect_seconds = 5
    run_install([step("a", lane="control-plane-join")], fleet, spec=cluster(3, 0))
    assert fleet.width["a"] == 1


@pytest.mark.parametrize("ends", ["died", "rebooted", "never-begun"])
def test_an_attempt_without_a_result_is_probed_and_begun_again(ends: str) -> None:
    fleet = alone()
    fleet["cp1"].attempts["a"] = [Attempt(ends=ends), Attempt(ends=ends)]
    ran = run_alone(fleet)
    assert [i.attempt for i in ran.bus.of(TaskIntent)] == [1, 2, 3]
    assert only_finished(ran).outcome == "ok"
    assert len(fleet.of("run", "a.probe")) == 4


@pytest.mark.parametrize("ends", ["died", "rebooted"])
def test_an_attempt_without_a_result_that_had_its_effect_is_done(ends: str) -> None:
    fleet = alone()
    fleet["cp1"].attempts["a"] = [Attempt(ends=ends, applies=True)]
    ran = run_alone(fleet)
    assert (only_finished(ran).outcome, fleet["cp1"].bodies) == ("ok", ["a"])


def test_after_two_retries_it_is_enough() -> None:
    fleet = alone()
    fleet["cp1"].attempts["a"] = [Attempt(ends="died") for _ in range(9)]
    ran = run_alone(fleet)
    assert len(ran.bus.of(TaskIntent)) == 3
    finished = only_finished(ran)
    assert (finished.outcome, finished.attempt) == ("failed", 3)


def test_a_person_is_asked_when_a_retry_cannot_help() -> None:
    fleet = alone()
    fleet["cp1"].attempts["a"] = [Attempt(ends="rebooted")]
    fleet["cp1"].probes["a.probe"] = [differs(), blocked("disk is gone", "attach it")]
    ran = run_alone(fleet)
    assert len(ran.bus.of(TaskIntent)) == 1
    problem = only_finished(ran).problem
    assert problem is not None
    assert problem.fix == "attach it"


def test_a_transient_failure_is_tried_again_twice_with_growing_pauses() -> None:
    fleet = alone()
    failing = Attempt(rc=100, lines=("Reading lists", LOCKED), seconds=1)
    fleet["cp1"].attempts["a"] = [failing] * 2
    ran = run_alone(fleet)
    assert len(ran.bus.of(TaskIntent)) == 3
    assert only_finished(ran).outcome == "ok"
    assert ran.result is not None
    assert ran.result.seconds > 1 + 5 + 1 + 20 + 10
    assert [event.said for event in ran.bus.of(TaskRetrying)] == [
        "attempt 2 of 3 in 5 s: the package lock is held",
        "attempt 3 of 3 in 20 s: the package lock is held",
    ]
    assert [(event.attempt, event.lines) for event in ran.bus.of(TaskRetrying)] == [
        (1, LOCKED),
        (2, LOCKED),
    ]


def test_a_mirror_that_is_away_for_a_minute_fails_no_install() -> None:
    fleet = alone()
    refused = "E: Failed to fetch http://m/ Could not connect to m:80 (::1). - connect (111: Conn"
    failing = Attempt(rc=100, lines=(refused,), seconds=1)
    fleet["cp1"].attempts["a"] = [failing] * 2
    ran = run_alone(fleet)
    assert only_finished(ran).outcome == "ok"
    assert ran.result is not None
    assert ran.result.seconds > 60 + 10


def test_three_attempts_are_enough_whatever_the_reasons() -> None:
    fleet = alone()
    locked = Attempt(rc=100, lines=(LOCKED,), seconds=1)
    fleet["cp1"].attempts["a"] = [locked, Attempt(ends="rebooted"), locked, Attempt()]
    ran = run_alone(fleet)
    assert [event.reason for event in ran.bus.of(TaskRetrying)] == [
        "the package lock is held",
        "the host was restarted before it was done",
    ]
    finished = only_finished(ran)
    assert (finished.outcome, finished.attempt) == ("failed", 3)
    assert finished.problem is not None
    assert LOCKED in finished.problem.why


def test_supply_and_change_share_their_retries() -> None:
    fleet = alone()
    asked = with_token(fleet)
    fleet["cp1"].attempts["a"] = [Attempt(rc=100, lines=(LOCKED,), seconds=1)] * 9
    mint = fleet.remote_answers["a.supply"]
    answers = [answer(status=1, stderr="etcdserver: request timed out")]
    fleet.remote_answers["a.supply"] = lambda s: answers.pop() if answers else mint(s)
    ran = run_alone(fleet, lending())
    assert [event.reason for event in ran.bus.of(TaskRetrying)] == [
        "etcd is settling",
        "the package lock is held",
    ]
    assert len(ran.bus.of(TaskIntent)) == 2
    assert asked.count("supply") == 2


def test_a_resume_is_a_persons_decision_and_has_retries_of_its_own() -> None:
    fleet = alone()
    locked = Attempt(rc=100, lines=(LOCKED,), seconds=1)
    fleet["cp1"].attempts["a"] = [locked] * 5
    first = run_alone(fleet)
    assert only_finished(first).outcome == "failed"
    second = run_alone(fleet)
    assert only_finished(second).outcome == "ok"
    assert [event.number for event in second.bus.of(TaskRetrying)] == [2, 3]


def test_a_transient_failure_that_stays_is_a_failure() -> None:
    fleet = alone()
    fleet["cp1"].attempts["a"] = [Attempt(rc=100, lines=(LOCKED,))] * 9
    ran = run_alone(fleet)
    assert len(fleet["cp1"].bodies) == 3
    problem = only_finished(ran).problem
    assert problem is not None
    assert problem.why == LOCKED


def test_another_failure_is_not_tried_again() -> None:
    fleet = alone()
    fleet["cp1"].attempts["a"] = [
        Attempt(rc=1, lines=("haui: the disk is full", "haui: fix: make room on /var"))
    ]
    ran = run_alone(fleet)
    assert fleet["cp1"].bodies == ["a"]
    problem = only_finished(ran).problem
    assert problem is not None
    assert (problem.why, problem.fix) == ("haui: the disk is full", "make room on /var")


def test_an_old_message_far_above_the_end_is_no_reason_to_try_again() -> None:
    fleet = alone()
    lines = (LOCKED, *(f"line {i}" for i in range(60)), "bad checksum")
    fleet["cp1"].attempts["a"] = [Attempt(rc=1, lines=lines)]
    run_alone(fleet)
    assert fleet["cp1"].bodies == ["a"]


# Connections


def test_a_connection_lost_while_probing_is_dialled_again() -> None:
    fleet = alone()
    fleet["cp1"].probes["a.probe"] = [lost("cp1"), lost("cp1")]
    ran = run_alone(fleet)
    assert only_finished(ran).outcome == "ok"
    assert len(ran.bus.of(HostLost)) == 2
    assert len(ran.bus.of(HostConnected)) == 3


def test_a_connection_that_is_lost_each_time_fails_the_task() -> None:
    fleet = alone()
    fleet["cp1"].probes["a.probe"] = [lost("cp1")] * 9
    ran = run_alone(fleet)
    assert ran.result is not None
    assert ran.result.outcome == "unreachable"
    assert len(fleet.of("run", "a.probe")) == 3


def test_a_host_that_does_not_come_back_fails_its_branch_only() -> None:
    fleet = prepared([host.name for host in cluster().hosts])
    gone = ConnectError("w1 does not answer", why="timed out", fix="look at w1", host="w1")
    fleet["w1"].errors["follow:sys.prepare"] = [gone]
    ran = run_install(install(), fleet)
    assert ran.result is not None
    assert ran.result.outcome == "unreachable"
    assert [(f.host, f.cause) for f in ran.result.failed] == [("w1", "unreachable")]
    assert "w.join" in fleet["w2"].true
    assert ran.bus.of(TaskFinished, host="w1", step="w.join")[0].outcome == "skipped"


def test_a_changed_host_key_is_not_dialled_again() -> None:
    fleet = alone()
    fleet["cp1"].probes["a.probe"] = [lost("cp1")]
    fleet["cp1"].connect_errors = [None, HostKeyError("the host key has changed", host="cp1")]
    ran = run_alone(fleet)
    assert len(fleet.of("connect", "")) == 2
    problem = only_finished(ran).problem
    assert problem is not None
    assert problem.what == "the host key has changed"


def test_a_host_that_is_away_for_a_moment_is_dialled_until_it_is_back() -> None:
    fleet = alone()
    fleet["cp1"].probes["a.probe"] = [lost("cp1")]
    away = ConnectError("refused", host="cp1")
    fleet["cp1"].connect_errors = [None, away, away, away]
    ran = run_alone(fleet)
    assert only_finished(ran).outcome == "ok"
    assert len(fleet.of("connect", "")) == 5


class Away(ConnectError):
    """As the transport says of a host that does not answer."""

    passing = True


@pytest.mark.parametrize(("error", "dials"), [(Away, 15), (ConnectError, 7)])
def test_a_server_that_boots_for_minutes_is_waited_for(
    error: type[ConnectError], dials: int
) -> None:
    """But not for one that refuses the login."""
    fleet = alone()
    fleet["cp1"].probes["a.probe"] = [lost("cp1")]
    fleet["cp1"].connect_errors = [None, *[error("away", host="cp1")] * 13]
    ran = run_alone(fleet)
    patient = error is Away
    assert only_finished(ran).outcome == ("ok" if patient else "failed")
    assert len(fleet.of("connect", "")) == dials
    assert ran.result is not None
    assert (ran.result.seconds > 480) == patient


# The journal


def test_a_journal_that_cannot_be_written_ends_the_run_and_leaves_hosts_alone() -> None:
    fleet = prepared([host.name for host in cluster().hosts])

    def full(event: AnyEvent, _count: int) -> BaseException | None:
        if isinstance(event, TaskIntent) and event.host == "w2":
            return JournalError("the journal can't be written", why="no space left on device")
        return None

    ran = Ran(fleet, RecordingBus(full))
    with pytest.raises(JournalError, match="can't be written"):
        fleet.play(ran.go(build_plan(cluster(), install())))
    assert fleet["w2"].bodies == []
    assert not [call for call in fleet.calls if call[1] == "cancel"]
    begun = {host: list(machine.bodies) for host, machine in fleet.machines.items()}
    fleet.now += 1000
    again = run_install(install(), fleet)
    assert again.result is not None
    assert again.result.outcome == "ok"
    assert all(fleet[host].bodies[: len(bodies)] == bodies for host, bodies in begun.items())
    assert sorted(fleet["w2"].bodies) == ["sys.prepare", "w.join"]


def test_a_task_that_never_ends_is_not_waited_for() -> None:
    fleet = prepared(["cp1", "w1"])
    fleet["cp1"].attempts["a"] = [Attempt(seconds=1e9)]
    ran = run_install([step("a")], fleet, spec=cluster(1, 1))
    failed = [event for event in ran.bus.of(TaskFinished) if event.outcome == "failed"]
    assert [event.host for event in failed] == ["cp1"]
    assert failed[0].problem is not None
    assert "does not come to an end" in failed[0].problem.what
    assert 900 < failed[0].seconds < 4000
    assert [event.outcome for event in ran.bus.of(TaskFinished) if event.host == "w1"] == ["ok"]


def test_findings_without_an_end_are_cut_and_count_as_wrong() -> None:
    fleet = alone()
    flood = answer("".join(f"ok\tcheck {n}\t{'x' * 50}\n" for n in range(50_000)))
    fleet["cp1"].probes["a.probe"] = [flood] * 9
    ran = run_alone(fleet)
    finished = only_finished(ran)
    assert finished.outcome == "failed"
    assert len(finished.findings) == 2001
    assert finished.problem is not None
    assert "the number of findings" in finished.problem.why


def test_a_decisive_line_is_no_novel() -> None:
    fleet = alone()
    fleet["cp1"].attempts["a"] = [Attempt(rc=1, lines=("error " + "x" * 100_000,) * 50)]
    problem = only_finished(run_alone(fleet)).problem
    assert problem is not None
    assert len(problem.why) < 13_000

"""Errands around a change: gates that are waited for, values that are lent and taken back."""

from __future__ import annotations

from typing import Any

import pytest

from haui.errors import ConnectError
from haui.events import (
    TaskIntent,
    TaskOutput,
    TaskWaiting,
)
from haui.secret import MASK
from haui.step import Step
from tests.unit.one_host import (
    TOKEN,
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
    ok,
)
from tests.unit.scripted_run import (
    cluster,
    on_first,
    prepared,
    run_install,
    step,
)

# Gates


def gated(patience_s: int = 60, **more: Any) -> Step:
    return step("a", gate=on_first("etcd-healthy", patience_s), **more)


def test_a_gate_is_waited_for() -> None:
    fleet = alone()
    answers = [differs("etcd voters", "2 of 3"), differs("etcd voters", "2 of 3"), ok()]
    fleet.remote_answers["a.gate"] = lambda _script: answers.pop(0)
    ran = run_alone(fleet, gated())
    assert only_finished(ran).outcome == "ok"
    reasons = [waiting.reason for waiting in ran.bus.of(TaskWaiting)]
    assert reasons == ["waits until etcd voters: expected as asked, found 2 of 3"]


def test_the_gate_is_not_asked_when_nothing_is_to_be_done() -> None:
    fleet = alone()
    fleet["cp1"].true.add("a")
    run_alone(fleet, gated())
    assert not fleet.of("run", "a.gate")


def test_the_gate_is_asked_before_every_attempt() -> None:
    fleet = alone()
    fleet.remote_answers["a.gate"] = lambda _script: ok()
    fleet["cp1"].attempts["a"] = [Attempt(ends="died")]
    run_alone(fleet, gated())
    order = [(kind, what) for _, kind, what in fleet.calls if what in ("a", "a.gate")]
    once = [("run", "a.gate"), ("start", "a"), ("follow", "a")]
    assert order == once * 2


def test_a_gate_that_stays_shut_fails_the_task_unchanged() -> None:
    fleet = alone()
    fleet.remote_answers["a.gate"] = lambda _script: differs("etcd voters", "2 of 3")
    ran = run_alone(fleet, gated(patience_s=30))
    assert not ran.bus.of(TaskIntent)
    problem = only_finished(ran).problem
    assert problem is not None
    assert "within 30 s" in problem.what
    assert "2 of 3" in problem.why
    assert only_finished(ran).seconds <= 32


def test_a_blocked_gate_is_not_waited_for() -> None:
    fleet = alone()
    fleet.remote_answers["a.gate"] = lambda _script: blocked("quorum lost", "restore etcd")
    ran = run_alone(fleet, gated(patience_s=3000))
    assert only_finished(ran).seconds < 1
    problem = only_finished(ran).problem
    assert problem is not None
    assert problem.fix == "restore etcd"


def test_a_gate_is_asked_on_the_next_host_when_the_first_is_gone() -> None:
    fleet = prepared(["cp1", "cp2"])
    fleet["cp1"].connect_error = ConnectError("gone", host="cp1")
    fleet["cp1"].true.add("pre")
    fleet.remote_answers["a.gate"] = lambda _script: ok()
    ran = run_install([gated()], fleet, spec=cluster(2, 0))
    assert "a" in fleet["cp2"].true
    assert fleet.of("run", "a.gate") == ["cp2"]
    assert ran.result is not None
    assert ran.result.outcome == "unreachable"


def test_the_gate_of_a_step_that_only_reads_is_waited_for() -> None:
    fleet = alone()
    answers = [differs(), ok()]
    fleet.remote_answers["a.gate"] = lambda _script: answers.pop(0)
    fleet["cp1"].probes["a.probe"] = [differs(), ok()]
    ran = run_alone(fleet, gated(reads=True))
    assert only_finished(ran).outcome == "unchanged"
    assert not ran.bus.of(TaskIntent)


# Supply and revoke


def test_what_is_supplied_reaches_the_script_and_is_taken_back() -> None:
    fleet = alone()
    asked = with_token(fleet)
    ran = run_alone(fleet, lending(), secrets={"registry_password": "hunter2"})
    apply = next(script for script in fleet.scripts if script.name == "a.apply")
    assert apply.inputs == {
        "registry_password": b"hunter2",
        "token": TOKEN.encode(),
        "endpoint": b"api",
    }
    assert asked == ["supply", "revoke"]
    assert only_finished(ran).outcome == "ok"


def test_nothing_is_minted_when_nothing_is_to_be_done() -> None:
    fleet = alone()
    fleet["cp1"].true.add("a")
    asked = with_token(fleet)
    run_alone(fleet, lending())
    assert asked == []


@pytest.mark.parametrize("attempt", [Attempt(rc=1), Attempt(applies=False)])
def test_it_is_taken_back_after_a_failure(attempt: Attempt) -> None:
    fleet = alone()
    asked = with_token(fleet)
    fleet["cp1"].attempts["a"] = [attempt]
    run_alone(fleet, lending())
    assert asked == ["supply", "revoke"]


def test_it_is_not_taken_back_while_the_host_may_still_use_it() -> None:
    fleet = alone()
    asked = with_token(fleet)
    fleet["cp1"].errors["follow:a"] = [ConnectError("gone", host="cp1")]
    run_alone(fleet, lending())
    assert asked == ["supply"]
    again = run_alone(fleet, lending())
    assert again.bus.of(TaskIntent)[0].reattached
    assert asked == ["supply", "revoke"]


@pytest.mark.parametrize(("settled", "asked_then"), [((), ["revoke"]), (("a@cp1",), [])])
def test_what_an_earlier_run_left_is_taken_back_once(
    settled: tuple[str, ...], asked_then: list[str]
) -> None:
    fleet = alone()
    asked = with_token(fleet)
    left_running(fleet, "cp1", "a")
    fleet.now = 100
    run_alone(fleet, lending(), settled=settled)
    assert asked == asked_then


def test_a_failed_revoke_is_a_note_and_no_failure() -> None:
    fleet = alone()
    with_token(fleet)
    fleet.remote_answers["a.revoke"] = lambda _script: answer(status=1, stderr="forbidden")
    finished = only_finished(run_alone(fleet, lending()))
    assert finished.outcome == "ok"
    assert finished.findings[-1].verdict == "info"
    assert "forbidden" in finished.findings[-1].seen


def test_a_failed_supply_fails_the_task_unchanged() -> None:
    fleet = alone()
    with_token(fleet)
    fleet.remote_answers["a.supply"] = lambda _script: answer(status=1, stderr="no such secret")
    ran = run_alone(fleet, lending())
    assert not ran.bus.of(TaskIntent)
    problem = only_finished(ran).problem
    assert problem is not None
    assert problem.why == "no such secret"


def test_a_transient_supply_failure_is_tried_again() -> None:
    fleet = alone()
    asked = with_token(fleet)
    mint = fleet.remote_answers["a.supply"]
    answers = [answer(status=1, stderr="etcdserver: request timed out")]
    fleet.remote_answers["a.supply"] = lambda s: answers.pop() if answers else mint(s)
    assert only_finished(run_alone(fleet, lending())).outcome == "ok"
    assert asked == ["supply", "revoke"]


def test_values_for_the_probe_are_supplied_before_it() -> None:
    fleet = alone()
    fleet["cp1"].true.add("a")
    asked = with_token(fleet)
    run_alone(fleet, lending(supply_for="probe"))
    assert asked == ["supply", "revoke"]


def test_no_secret_is_in_any_event() -> None:
    password = "s3cr3t-Passw0rd"
    fleet = alone()
    with_token(fleet)
    tell = f"error: login with {password} and {TOKEN} failed"
    fleet["cp1"].attempts["a"] = [
        Attempt(rc=1, lines=(tell, "connection reset by peer")),
        Attempt(rc=1, lines=(tell,)),
    ]
    fleet["cp1"].probes["a.probe"] = [differs(f"with {password}", f"saw {password}")]
    fleet.remote_answers["a.revoke"] = lambda _script: answer(status=1, stderr=tell)
    ran = run_alone(fleet, lending(), secrets={"registry_password": password})
    everything = repr([event.to_json() for event in ran.bus.events])
    assert password not in everything
    assert TOKEN not in everything
    assert everything.count(MASK) >= 4


def test_a_long_host_name_that_was_supplied_is_no_secret() -> None:
    name = "a-very-long-name-of-a-host"
    spec = cluster(1, 0)
    spec = spec.model_copy(update={"hosts": (spec.hosts[0].model_copy(update={"name": name}),)})
    fleet = prepared([name])
    with_token(fleet)
    fleet.remote_answers["a.supply"] = lambda _script: answer(f"via={name}\ntoken={TOKEN}\n")
    fleet[name].attempts["a"] = [Attempt(lines=(f"joins\tby {name} with {TOKEN}",))]
    ran = run_install([lending()], fleet, spec=spec)
    assert ran.bus.of(TaskOutput)[0].lines == (f"joins   by {name} with {MASK}",)

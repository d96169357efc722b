"""Pause, go on, stop soon and stop now."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from haui.errors import ConnectError
from haui.events import AnyEvent, RunFinished, TaskFinished, TaskIntent, TaskStarted
from haui.execution.controls import Controls
from haui.execution.executor import RunResult
from haui.execution.taskrun import PARTING_S
from haui.plan import build_plan
from haui.step import Step
from tests.unit.scripted import Attempt, ScriptedFleet, answer, differs
from tests.unit.scripted_run import (
    Ran,
    RecordingBus,
    cluster,
    install,
    on_first,
    prepared,
    run_install,
    step,
)


class Acting(RecordingBus):
    """Does something right after the first event that fits."""

    def __init__(self, fits: Callable[[AnyEvent], bool], act: Callable[[], None]) -> None:
        super().__init__()
        self._fits = fits
        self._act: Callable[[], None] | None = act

    async def emit(self, event: AnyEvent, /) -> AnyEvent:
        numbered = await super().emit(event)
        if self._act is not None and self._fits(event):
            act, self._act = self._act, None
            act()
        return numbered


def intent_of(step_id: str) -> Callable[[AnyEvent], bool]:
    return lambda event: isinstance(event, TaskIntent) and event.step == step_id


def started(step_id: str) -> Callable[[AnyEvent], bool]:
    return lambda event: isinstance(event, TaskStarted) and event.step == step_id


def full_fleet() -> ScriptedFleet:
    return prepared([host.name for host in cluster().hosts])


def run_controlled(
    fleet: ScriptedFleet,
    controls: Controls,
    fits: Callable[[AnyEvent], bool],
    act: Callable[[], None],
    *catalogue: Step,
) -> Ran:
    bus = Acting(fits, act)
    return run_install(list(catalogue) or install(), fleet, bus=bus, controls=controls)


def finish_later(fleet: ScriptedFleet) -> RunResult:
    """Run the install again, after what was left has ended."""
    fleet.now += 1000
    again = run_install(install(), fleet)
    assert again.result is not None
    return again.result


def test_a_pause_lets_what_has_begun_finish_and_begins_nothing() -> None:
    fleet, controls = full_fleet(), Controls()
    ran = Ran(fleet, Acting(intent_of("cp.init"), controls.pause))

    async def scene() -> list[str]:
        running = asyncio.ensure_future(ran.go(build_plan(cluster(), install()), controls=controls))
        await asyncio.sleep(500)
        during = [body for machine in fleet.machines.values() for body in machine.bodies]
        controls.resume()
        await running
        return during

    during = fleet.play(scene())
    assert "cp.init" in during
    assert not {"cp.join", "w.join"} & set(during)
    assert ran.result is not None
    assert ran.result.outcome == "ok"
    assert ran.result.seconds > 500


def test_a_pause_also_holds_back_a_change_that_was_about_to_begin() -> None:
    fleet, controls = prepared(["cp1"]), Controls()
    ran = Ran(fleet, Acting(started("a"), controls.pause))

    async def scene() -> int:
        plan = build_plan(cluster(1, 0), [step("a")])
        running = asyncio.ensure_future(ran.go(plan, controls=controls))
        await asyncio.sleep(100)
        during = len(fleet["cp1"].bodies)
        controls.resume()
        await running
        return during

    assert fleet.play(scene()) == 0
    assert fleet["cp1"].bodies == ["a"]


def test_stop_lets_what_has_begun_finish() -> None:
    fleet, controls = full_fleet(), Controls()
    ran = run_controlled(fleet, controls, intent_of("cp.init"), controls.stop)
    assert ran.result is not None
    assert ran.result.outcome == "cancelled"
    assert "cp.init" in fleet["cp1"].true
    assert not [call for call in fleet.calls if call[1] == "cancel"]
    assert ran.result.left > 0
    assert sum(ran.result.counts.values()) + ran.result.left == 16
    end = ran.bus.events[-1]
    assert isinstance(end, RunFinished)
    assert end.outcome == "cancelled"
    assert finish_later(fleet).outcome == "ok"
    assert fleet["cp1"].bodies.count("cp.init") == 1


def test_stop_gives_up_what_only_waits() -> None:
    fleet, controls = prepared(["cp1"]), Controls()
    fleet.remote_answers["a.gate"] = lambda _script: differs()
    ran = Ran(fleet)

    async def scene() -> None:
        plan = build_plan(cluster(1, 0), [step("a", gate=on_first("gate", 10_000))])
        running = asyncio.ensure_future(ran.go(plan, controls=controls))
        await asyncio.sleep(50)
        controls.stop()
        await running

    fleet.play(scene())
    assert ran.result is not None
    assert ran.result.seconds < 51
    assert ran.bus.of(TaskFinished)[0].outcome == "cancelled"


def test_stop_gives_up_hosts_that_do_not_answer_yet() -> None:
    fleet, controls = full_fleet(), Controls()
    fleet.latency = 30
    ran = Ran(fleet)

    async def scene() -> None:
        running = asyncio.ensure_future(ran.go(build_plan(cluster(), install()), controls=controls))
        await asyncio.sleep(1)
        controls.stop()
        await running

    fleet.play(scene())
    assert ran.result is not None
    assert (ran.result.outcome, ran.result.left) == ("cancelled", 16)
    assert ran.result.seconds < 2


def test_stop_gives_up_a_retry() -> None:
    fleet, controls = prepared(["cp1"]), Controls()
    failing = Attempt(rc=1, lines=("connection reset by peer",))
    fleet["cp1"].attempts["a"] = [failing] * 3
    bus = Acting(intent_of("a"), controls.stop)
    ran = run_install([step("a")], fleet, spec=cluster(1, 0), bus=bus, controls=controls)
    assert fleet["cp1"].bodies == ["a"]
    assert ran.bus.of(TaskFinished)[0].outcome == "cancelled"


def test_stop_now_cancels_on_the_hosts() -> None:
    fleet, controls = full_fleet(), Controls()
    ran = Ran(fleet)

    async def scene() -> None:
        running = asyncio.ensure_future(ran.go(build_plan(cluster(), install()), controls=controls))
        await asyncio.sleep(5)
        controls.stop_now()
        await running

    fleet.play(scene())
    assert ran.result is not None
    assert ran.result.outcome == "cancelled"
    assert ran.result.seconds < 6
    assert ran.result.counts["cancelled"] == 5
    assert sorted(fleet.of("cancel", "sys.prepare")) == ["cp1", "cp2", "cp3", "w1", "w2"]
    assert not any("sys.prepare" in machine.true for machine in fleet.machines.values())
    assert finish_later(fleet).outcome == "ok"


def test_stop_now_after_stop() -> None:
    fleet, controls = full_fleet(), Controls()
    ran = Ran(fleet)

    async def scene() -> None:
        running = asyncio.ensure_future(ran.go(build_plan(cluster(), install()), controls=controls))
        await asyncio.sleep(5)
        controls.stop()
        await asyncio.sleep(1)
        assert not running.done()
        controls.stop_now()
        await running

    fleet.play(scene())
    assert ran.result is not None
    assert ran.result.counts["cancelled"] == 5
    assert ran.result.seconds < 7


def test_stop_now_takes_back_what_was_lent() -> None:
    (fleet, lending), controls = lending_fleet(), Controls()
    ran = Ran(fleet)

    async def scene() -> None:
        running = asyncio.ensure_future(
            ran.go(build_plan(cluster(1, 0), [lending]), controls=controls)
        )
        await asyncio.sleep(5)
        controls.stop_now()
        await running

    fleet.play(scene())
    order = [(kind, what) for _, kind, what in fleet.calls if what in ("a", "a.revoke")]
    assert order[-2:] == [("cancel", "a"), ("run", "a.revoke")]


def lending_fleet() -> tuple[ScriptedFleet, Step]:
    """One host, and a step that is supplied with a token for 10 s of work."""
    fleet = prepared(["cp1"])
    fleet.remote_answers |= {
        "a.supply": lambda _script: answer("token=abcdef.0123456789abcdef\n"),
        "a.revoke": lambda _script: answer(),
    }
    return fleet, step("a", supply=on_first("mint"), revoke=on_first("delete"))


def left_while_taking_back(fleet: ScriptedFleet, lending: Step, dialling_s: float) -> float:
    """Leave the run when the step is through, and the host is dialled to take the token back; the
    seconds that the run takes to end."""
    ran = Ran(fleet)

    async def scene() -> float:
        running = asyncio.ensure_future(ran.go(build_plan(cluster(1, 0), [lending])))
        await asyncio.sleep(5)
        fleet["cp1"].connect_seconds = dialling_s
        await asyncio.sleep(8)
        assert fleet.of("follow", "a") and fleet.calls[-1][1] == "connect"
        left = asyncio.get_running_loop().time()
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        return asyncio.get_running_loop().time() - left

    return fleet.play(scene())


def test_who_leaves_waits_a_moment_for_what_was_lent() -> None:
    fleet, lending = lending_fleet()
    assert left_while_taking_back(fleet, lending, 3) < 3
    assert fleet.of("run", "a.revoke") == ["cp1"]


def test_who_leaves_does_not_wait_for_a_host_that_is_gone() -> None:
    fleet, lending = lending_fleet()
    assert left_while_taking_back(fleet, lending, 600) == pytest.approx(PARTING_S)
    assert fleet.of("run", "a.revoke") == []
    fleet["cp1"].connect_seconds = 0
    run_install([lending], fleet, spec=cluster(1, 0))
    assert fleet.of("run", "a.revoke") == ["cp1"]


def test_a_task_that_cannot_be_cancelled_is_said_to_be_running() -> None:
    fleet, controls = prepared(["cp1"]), Controls()
    fleet["cp1"].errors["cancel:a"] = [ConnectError("gone", host="cp1")]
    ran = Ran(fleet)

    async def scene() -> None:
        running = asyncio.ensure_future(
            ran.go(build_plan(cluster(1, 0), [step("a")]), controls=controls)
        )
        await asyncio.sleep(5)
        controls.stop_now()
        await running

    fleet.play(scene())
    problem = ran.bus.of(TaskFinished)[0].problem
    assert problem is not None
    assert "may still be running" in problem.what


def test_a_stop_after_everything_is_no_cancellation() -> None:
    fleet, controls = prepared(["cp1"]), Controls()
    bus = Acting(lambda event: isinstance(event, TaskFinished), controls.stop)
    ran = run_install([step("a")], fleet, spec=cluster(1, 0), bus=bus, controls=controls)
    assert ran.result is not None
    assert ran.result.outcome == "ok"


def test_cancellation_from_outside_leaves_the_hosts_alone() -> None:
    fleet = full_fleet()
    ran = Ran(fleet)

    async def scene() -> None:
        running = asyncio.ensure_future(ran.go(build_plan(cluster(), install())))
        await asyncio.sleep(5)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    fleet.play(scene())
    assert not [call for call in fleet.calls if call[1] == "cancel"]
    assert not ran.bus.of(TaskFinished, step="sys.prepare")
    assert finish_later(fleet).outcome == "ok"
    assert fleet["w1"].bodies == ["sys.prepare", "w.join"]


def test_pause_and_resume_mean_nothing_to_a_run_that_is_stopping() -> None:
    controls = Controls()
    controls.stop()
    controls.pause()
    assert controls.level == "stop"
    controls.resume()
    assert controls.stopping


async def test_a_stop_ends_a_pause() -> None:
    controls = Controls()
    controls.pause()
    waiting = asyncio.ensure_future(controls.proceed())
    await asyncio.sleep(0)
    assert not waiting.done()
    controls.stop()
    assert await waiting is False

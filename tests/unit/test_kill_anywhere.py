"""haui is killed at every event of an install; a new haui on the same machines must finish it."""

from __future__ import annotations

import pytest

from haui.events import HostConnected, TaskFinished, TaskIntent
from haui.host import TaskId
from haui.plan import build_plan
from haui.step import Plan, Step
from tests.unit.mortal import NEVER, KilledError, MortalRun
from tests.unit.scripted import Attempt, ScriptedFleet, answer, ok
from tests.unit.scripted_run import (
    RUN_ID,
    Ran,
    cluster,
    control_planes,
    everywhere,
    first,
    joining,
    on_first,
    prepared,
    step,
    workers,
)


def catalogue() -> list[Step]:
    """Every kind of step: reading, changing, gated, lending, in lanes, measuring."""
    return [
        step("pre.check", "preflight", reads=True),
        step("sys.prepare"),
        step("lb.setup", "endpoint", control_planes),
        step("cp.init", "control-plane", first, fetch={"admin.conf": "/admin.conf"}),
        step(
            "cp.join",
            "control-plane",
            joining,
            needs=("cp.init",),
            lane="control-plane-join",
            gate=on_first("etcd-healthy", 600),
            supply=on_first("mint"),
            revoke=on_first("delete"),
        ),
        step(
            "w.join",
            "workers",
            workers,
            needs=("cp.join",),
            lane="worker-join",
            supply=on_first("mint"),
            revoke=on_first("delete"),
        ),
        step("w.label", "workers", everywhere, needs=("w.join",)),
        step("verify.nodes", "verify", first, reads=True, needs=("w.label",)),
        step("verify.load", "verify", first, always=True),
    ]


def fleet_of_five() -> ScriptedFleet:
    fleet = prepared([host.name for host in cluster().hosts])
    fleet["cp1"].files["/admin.conf"] = b"conf"
    for seconds, machine in zip((3, 7, 11, 13, 17), fleet.machines.values(), strict=True):
        for id_ in ("sys.prepare", "lb.setup", "cp.init", "cp.join", "w.join", "w.label"):
            machine.attempts[id_] = [Attempt(seconds=seconds)]
        measured = Attempt(seconds=2, lines=("ok\tpods\t2\t2",), applies=False)
        machine.attempts["verify.load"] = [measured] * 9
    for joined in ("cp.join", "w.join"):
        fleet.remote_answers[f"{joined}.supply"] = lambda _s: answer("token=0123456789abcdef\n")
        fleet.remote_answers[f"{joined}.revoke"] = lambda _s: answer()
    fleet.remote_answers["cp.join.gate"] = lambda _s: ok()
    return fleet


def plan() -> Plan:
    return build_plan(cluster(), catalogue())


def state_of(fleet: ScriptedFleet) -> dict[str, tuple[list[str], set[str]]]:
    """What the install made of each machine: which bodies ran how often, and what is true."""
    return {
        name: (sorted(b for b in machine.bodies if b != "verify.load"), machine.true)
        for name, machine in fleet.machines.items()
    }


def undisturbed() -> tuple[ScriptedFleet, Ran]:
    fleet = fleet_of_five()
    ran = Ran(fleet)
    fleet.play(ran.go(plan()))
    return fleet, ran


def killed_and_resumed(
    kill_at: int, *, kept: bool = True, last_answer: int = 0, pause_s: float = 0
) -> tuple[ScriptedFleet, Ran]:
    fleet = fleet_of_five()
    dying = MortalRun(fleet, kill_at, kept=kept, last_answer=last_answer)
    with pytest.raises(KilledError):
        fleet.play(dying.go(plan()))
    assert not dying.life.alive
    fleet.now += pause_s
    done = {
        f"{event.step}@{event.host}"
        for event in dying.bus.of(TaskFinished)
        if event.outcome in ("ok", "unchanged")
    }
    proved_by_then = {
        (name, id_) for name, machine in fleet.machines.items() for id_ in machine.true
    }
    ran = Ran(fleet)
    fleet.play(ran.go(plan(), settled=done))
    assert not [
        event
        for event in ran.bus.of(TaskIntent, reattached=False)
        if (event.host, event.step) in proved_by_then
    ]
    return fleet, ran


BOUNDARIES = len(undisturbed()[1].bus.events)
ANSWERS = len(undisturbed()[0].calls)


@pytest.mark.parametrize(
    "kept",
    [pytest.param(False, marks=pytest.mark.thorough), True],
    ids=["before", "after"],
)
@pytest.mark.parametrize(
    "pause_s",
    [0.0, pytest.param(4.0, marks=pytest.mark.thorough), 1000.0],
    ids=["at-once", "soon", "late"],
)
def test_a_kill_at_any_event_leads_to_the_same_cluster(kept: bool, pause_s: float) -> None:
    """The machines themselves refuse two bodies at once and one id twice (see Machine.begin)."""
    expected, _ = undisturbed()
    rejoined = 0
    for kill_at in range(1, BOUNDARIES + 1):
        fleet, ran = killed_and_resumed(kill_at, kept=kept, pause_s=pause_s)
        assert ran.result is not None
        assert ran.result.outcome == "ok", f"killed at event {kill_at}"
        assert state_of(fleet) == state_of(expected), f"killed at event {kill_at}"
        assert fleet.width["cp.join"] == 1, f"killed at event {kill_at}"
        assert ran.stored == {"admin.conf": b"conf"}
        rejoined += len(ran.bus.of(TaskIntent, reattached=True))
    print(f"{BOUNDARIES} boundaries, {rejoined} running tasks found and joined again")
    assert (rejoined > 0) == (pause_s < 100)


@pytest.mark.parametrize("pause_s", [0.0, 1000.0], ids=["at-once", "late"])
def test_a_kill_while_any_answer_is_on_its_way(pause_s: float) -> None:
    """The host has done it, and haui never learns that it has."""
    expected, _ = undisturbed()
    for last in range(1, ANSWERS + 1):
        fleet, ran = killed_and_resumed(NEVER, last_answer=last, pause_s=pause_s)
        assert ran.result is not None
        assert ran.result.outcome == "ok", f"killed at answer {last}"
        assert state_of(fleet) == state_of(expected), f"killed at answer {last}"
        assert fleet.width["cp.join"] == 1, f"killed at answer {last}"
    print(f"{ANSWERS} answers")


@pytest.mark.parametrize("times", [2, pytest.param(5, marks=pytest.mark.thorough)])
def test_being_killed_again_and_again(times: int) -> None:
    expected, _ = undisturbed()
    for start in range(1, BOUNDARIES, 7):
        fleet = fleet_of_five()
        for life in range(times):
            dying = MortalRun(fleet, start + 3 * life, kept=bool(life % 2))
            try:
                fleet.play(dying.go(plan()))
            except KilledError:
                fleet.now += life
        ran = Ran(fleet)
        fleet.play(ran.go(plan()))
        assert ran.result is not None
        assert ran.result.outcome == "ok"
        assert state_of(fleet) == state_of(expected)


def test_what_was_lent_is_taken_back_by_the_run_that_finishes() -> None:
    for kill_at in range(1, BOUNDARIES + 1):
        fleet, _ = killed_and_resumed(kill_at)
        for joined in ("cp.join", "w.join"):
            asked = [what for _, kind, what in fleet.calls if kind == "run" and joined in what]
            kinds = [what.rpartition(".")[2] for what in asked]
            last_supply = max(i for i, kind in enumerate(kinds) if kind == "supply")
            assert "revoke" in kinds[last_supply:], f"killed at event {kill_at}"


def test_the_kill_is_as_harsh_as_it_claims() -> None:
    fleet = fleet_of_five()
    first_connected = MortalRun(fleet, 1, kept=True)
    with pytest.raises(KilledError):
        fleet.play(first_connected.go(plan()))
    assert [type(event) for event in first_connected.bus.events] == [HostConnected]
    assert not any(machine.bodies for machine in fleet.machines.values())
    assert TaskId(run=RUN_ID, step="pre.check", attempt=1) not in fleet["cp1"].tasks

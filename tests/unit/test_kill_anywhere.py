"""haui is killed at every event of an install; a new haui on the same machines must finish it.

A kill is the harshest there is: from that moment the old process can neither emit nor reach a host,
and its clean-up does nothing. What runs on the machines goes on by itself.
"""

from __future__ import annotations

import dataclasses
from typing import TypeVar

import pytest

from haui.events import AnyEvent, HostConnected, TaskFinished, TaskIntent
from haui.host import Completed, Host, LineSink, Script, TaskId, TaskRequest, TaskState
from haui.plan import build_plan
from haui.step import Plan, Step
from tests.unit.scripted import Attempt, ScriptedFleet, answer, ok
from tests.unit.scripted_run import (
    RUN_ID,
    Ran,
    RecordingBus,
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

T = TypeVar("T")
NEVER = 10**9


class KilledError(BaseException):
    """Stands for SIGKILL: nothing in haui may catch it and go on."""


@dataclasses.dataclass
class Life:
    """Whether one haui process still lives; it can be made to end with the n-th answer."""

    alive: bool = True
    last_answer: int = 0
    answers: int = 0

    def check(self) -> None:
        if not self.alive:
            raise KilledError

    def heard(self, answer: T) -> T:
        """A host has done what it was asked for; whether the answer arrives is another matter."""
        self.check()
        self.answers += 1
        if self.answers == self.last_answer:
            self.alive = False
            raise KilledError
        return answer


class MortalHost:
    """A connection that is worth nothing once its process is dead."""

    def __init__(self, inner: Host, life: Life) -> None:
        self._inner = inner
        self._life = life

    @property
    def name(self) -> str:
        return self._inner.name

    async def connect(self) -> str:
        self._life.check()
        return self._life.heard(await self._inner.connect())

    async def run(self, script: Script, *, timeout_s: float = 60) -> Completed:
        self._life.check()
        return self._life.heard(await self._inner.run(script, timeout_s=timeout_s))

    async def start(self, request: TaskRequest) -> TaskState:
        self._life.check()
        return self._life.heard(await self._inner.start(request))

    async def follow(self, task: TaskId, *, offset: int = 0, on_lines: LineSink) -> TaskState:
        self._life.check()
        return self._life.heard(await self._inner.follow(task, offset=offset, on_lines=on_lines))

    async def tasks(self, run: str) -> tuple[TaskState, ...]:
        self._life.check()
        return self._life.heard(await self._inner.tasks(run))

    async def cancel(self, task: TaskId) -> TaskState:
        self._life.check()
        return self._life.heard(await self._inner.cancel(task))

    async def read(self, path: str, *, limit: int = 1 << 20) -> bytes:
        self._life.check()
        return self._life.heard(await self._inner.read(path, limit=limit))

    async def close(self) -> None:
        self._life.check()


class MortalBus(RecordingBus):
    """Kills its process before (`kept` False) or after the k-th event was written."""

    def __init__(self, life: Life, kill_at: int, *, kept: bool) -> None:
        super().__init__()
        self._life = life
        self._kill_at = kill_at
        self._kept = kept

    async def emit(self, event: AnyEvent, /) -> AnyEvent:
        self._life.check()
        last = len(self.events) + 1 == self._kill_at
        if last and not self._kept:
            self._life.alive = False
            raise KilledError
        numbered = await super().emit(event)
        if last:
            self._life.alive = False
            raise KilledError
        return numbered


class MortalRun(Ran):
    """A run whose hosts die with it."""

    def __init__(
        self, fleet: ScriptedFleet, kill_at: int, *, kept: bool = True, last_answer: int = 0
    ) -> None:
        self.life = Life(last_answer=last_answer)
        super().__init__(fleet, MortalBus(self.life, kill_at, kept=kept))
        hosts = {name: MortalHost(self.host(name), self.life) for name in fleet.machines}
        self.host = hosts.__getitem__


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


@pytest.mark.parametrize("kept", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("pause_s", [0.0, 4.0, 1000.0], ids=["at-once", "soon", "late"])
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


@pytest.mark.parametrize("times", [2, 5])
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

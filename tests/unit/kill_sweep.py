"""The kill sweep: one undisturbed run shows what a kill at each of its events would leave, and a
new haui has to make the same cluster of each.

A process that is killed does nothing any more, so what it leaves is what is there at that moment:
no run has to be cut off for each boundary. Three kills are taken at each event: before it is on
record, after that, and (where there are any) after that with the requests to begin a change or to
lend something that were on their way arriving at their hosts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from haui.events import AnyEvent, Finding, RunStarted, TaskFinished, TaskIntent
from haui.execution.localcheck import LocalCheck
from haui.record.reducer import reduce
from haui.record.state import RunState
from haui.step import LANES
from tests.unit.kill_left import Host, Known, Left, arrived, left
from tests.unit.kill_worlds import World
from tests.unit.scripted import ScriptedFleet
from tests.unit.scripted_run import RUN_ID, Ran, RecordingBus

PASSWORD = "hunter2"
NEXT_RUN = "r2"
"""The run that is begun when there is none to be continued."""


@dataclass(frozen=True)
class Boundary:
    """One kill: at the `number`-th event (from 1), `when` it is kept or not, and what it leaves."""

    number: int
    when: str
    left: Left


@dataclass
class Swept:
    """What a sweep of one combination has seen: how many different cases, how often a running
    change was joined again, and what went wrong, at which kill."""

    cases: int
    rejoined: int = 0
    wrong: list[str] = field(default_factory=list)


class Lean(RecordingBus):
    """Keeps what tells of changes and results, as it comes; the rest is of no use here."""

    async def emit(self, event: AnyEvent, /) -> AnyEvent:
        if isinstance(event, TaskIntent | TaskFinished):
            self.events.append(event)
        return event


class Watching(RecordingBus):
    """Notes at each event what a kill would leave."""

    def __init__(self, fleet: ScriptedFleet, world: World) -> None:
        super().__init__()
        self.boundaries: list[Boundary] = []
        self._fleet = fleet
        self._world = world
        self._state = RunState()
        self._known = Known.of(self._state)
        self._seen: tuple[object, ...] = ()
        self._hosts: tuple[Host, ...] = ()
        self._lent: frozenset[tuple[str, str]] = frozenset()

    async def emit(self, event: AnyEvent, /) -> AnyEvent:
        self._look()
        number = len(self.events) + 1
        self._cut(number, "before")
        numbered = await super().emit(event)
        if numbered.on_record:
            self._state = reduce(self._state, numbered)
            self._known = Known.of(self._state)
        self._cut(number, "kept")
        return numbered

    def _cut(self, number: int, when: str) -> None:
        """A kill here, and one in which what is under way arrives nevertheless."""
        self._note(number, when, self._hosts, self._lent)
        minting = self._minting()
        if self._fleet.under_way or minting:
            hosts = arrived(self._hosts, self._fleet.under_way)
            self._note(number, f"{when}, arrived", hosts, self._lent | minting)

    def _minting(self) -> frozenset[tuple[str, str]]:
        """What hosts are on their way to be asked to lend."""
        asked = ((script.name.rpartition("."), script) for script in self._fleet.asking)
        return frozenset(
            (id_, script.env["HAUI_HOST"])
            for (id_, _, part), script in asked
            if part == "supply" and id_ in self._world.lending
        )

    def _look(self) -> None:
        """At the machines, unless nothing has happened there since the last look."""
        now = asyncio.get_running_loop().time()
        begun = sum(len(machine.tasks) for machine in self._fleet.machines.values())
        seen = (now, begun, frozenset(self._fleet.lent))
        if seen != self._seen:
            self._seen = seen
            self._hosts, self._lent = left(self._fleet, now)

    def _note(
        self, number: int, when: str, hosts: tuple[Host, ...], lent: frozenset[tuple[str, str]]
    ) -> None:
        self.boundaries.append(Boundary(number, when, Left(self._known, hosts, lent)))


def local_checks() -> tuple[LocalCheck, ...]:
    """What is looked at on this machine: before the first host is dialled, and in the end."""

    async def look() -> tuple[Finding, ...]:
        return (Finding(verdict="ok", what="this machine"),)

    def check(step: str, *, first: bool) -> LocalCheck:
        return LocalCheck(host="bastion", step=step, title=step, check=look, first=first)

    return check("preflight.bastion", first=True), check("verify.bastion", first=False)


async def going(ran: Ran, world: World, known: Known, **more: Any) -> None:
    """As `haui.session.perform.perform` goes on with what its journal knows."""
    run = known.run if known.unfinished else NEXT_RUN if known.run else RUN_ID
    await ran.bus.emit(started(world, run, resumed=known.unfinished))
    await ran.go(
        world.continued if known.continued else world.plan,
        run_id=run,
        settled=known.settled,
        new=not known.unfinished,
        local_checks=local_checks(),
        **more,
    )


def started(world: World, run: str, *, resumed: bool) -> RunStarted:
    return RunStarted(
        run=run,
        cluster=world.spec.name,
        haui="0",
        spec_sha="0",
        plan_sha="0",
        tasks=len(world.plan.tasks),
        hosts=tuple(host.name for host in world.spec.hosts),
        resumed=resumed,
    )


@dataclass(frozen=True)
class Made:
    """What a run has made of the machines, measurements aside: the steps that are true, the bodies
    that were run, and the attempts; and of this machine: the artefacts that it stores."""

    true: dict[str, frozenset[str]]
    bodies: dict[str, tuple[str, ...]]
    attempts: dict[str, frozenset[tuple[str, int]]]
    stored: dict[str, bytes]
    lent: frozenset[tuple[str, str]]

    @staticmethod
    def of(ran: Ran, world: World) -> Made:
        machines = ran.fleet.machines.values()
        return Made(
            true={machine.name: frozenset(machine.true) for machine in machines},
            bodies={
                machine.name: tuple(sorted(b for b in machine.bodies if b not in world.measures))
                for machine in machines
            },
            attempts={
                machine.name: frozenset(
                    (id_.step, id_.attempt)
                    for id_ in machine.tasks
                    if id_.step not in world.measures
                )
                for machine in machines
            },
            stored=dict(ran.stored),
            lent=frozenset(ran.fleet.lent),
        )


def undisturbed(world: World) -> tuple[Ran, Watching]:
    """A whole install, and what a kill at each of its events would have left."""
    fleet = world.fleet()
    bus = Watching(fleet, world)
    ran = Ran(fleet, bus)
    secrets = {"registry_password": PASSWORD}
    fleet.play(going(ran, world, Known.of(RunState()), secrets=secrets))
    return ran, bus


def resumed(world: World, what: Left, *, lean: bool = True) -> Ran:
    """A new haui on machines that were left like that."""
    fleet = what.fleet(world)
    ran = Ran(fleet, Lean() if lean else RecordingBus())
    fleet.play(going(ran, world, what.known))
    return ran


def wrong(world: World, expected: Made, what: Left, ran: Ran) -> list[str]:
    """What a resumed run did that it must not do, or did not; empty when all is well."""
    found = []
    if ran.result is None or ran.result.outcome != "ok":
        problems = [failed.problem for failed in ran.result.failed] if ran.result else []
        found.append(f"the resumed run did not end well: {problems}")
    made = Made.of(ran, world)
    found += [
        f"{part} differs: {_differs(getattr(made, part), getattr(expected, part))}"
        for part in ("true", "bodies", "attempts", "stored", "lent")
        if getattr(made, part) != getattr(expected, part)
    ]
    proved = what.proved()
    intents = ran.bus.of(TaskIntent)
    found += [
        f"{event.step} was proved on {event.host} and is begun again"
        for event in intents
        if not event.reattached and (event.host, event.step) in proved
    ]
    measured = {(event.host, event.step) for event in intents}
    found += [
        f"{id_} was not proved on {host}, and is not measured again"
        for host, id_ in world.measuring - proved - measured
    ]
    going_on = {(host, id_.step, id_.attempt) for host, id_ in what.under_way()}
    joined = {(event.host, event.step, event.attempt) for event in intents if event.reattached}
    if not joined <= going_on:
        found.append(f"joined again, but not running: {sorted(joined - going_on)}")
    found += _crowded(world, ran.fleet)
    return found


def _differs(seen: object, expected: object) -> str:
    if isinstance(seen, dict) and isinstance(expected, dict):
        keys = [key for key in expected if seen.get(key) != expected[key]]
        return str({key: _differs(seen.get(key), expected[key]) for key in keys})
    if isinstance(seen, Iterable) and isinstance(expected, Iterable):
        more, less = sorted(set(seen) - set(expected)), sorted(set(expected) - set(seen))
        return f"more {more}, less {less}" if more or less else f"{seen}, not {expected}"
    return f"{seen}, not {expected}"


def _crowded(world: World, fleet: ScriptedFleet) -> list[str]:
    """The lanes in which more was going on at once than they are wide."""
    widest = {id_: fleet.width.get(id_, 0) for id_ in world.lanes}
    return [
        f"{widest[id_]} of {id_} at once, in a lane of {LANES[lane]}"
        for id_, lane in world.lanes.items()
        if widest[id_] > LANES[lane]
    ]


def grouped(boundaries: Iterable[Boundary], *, extremes: bool = False) -> dict[Left, Boundary]:
    """Each value that a kill leaves, and the first boundary that leaves it.

    `extremes`: of values that differ in nothing but what the journal has proved, only the one with
    least and the one with most. They are a chain, since between them only results came on record;
    and the engine asks of each task by itself whether it is settled, so that each task of the chain
    is met both ways.
    """
    cases: dict[Left, Boundary] = {}
    for boundary in boundaries:
        cases.setdefault(boundary.left, boundary)
    if not extremes:
        return cases
    chains: dict[Left, list[Left]] = {}
    for what in cases:
        chains.setdefault(what.but_for_proofs(), []).append(what)
    tried = {what for chain in chains.values() for what in (chain[0], chain[-1])}
    return {what: boundary for what, boundary in cases.items() if what in tried}


def sweep(world: World, ran: Ran, bus: Watching, *, extremes: bool = False) -> Swept:
    """Kill at every event of that undisturbed run in every way, and resume each time.

    `extremes` as in `grouped`.
    """
    expected = Made.of(ran, world)
    cases = grouped(bus.boundaries, extremes=extremes)
    swept = Swept(cases=len(cases))
    for what, boundary in cases.items():
        again = resumed(world, what)
        swept.rejoined += len(again.bus.of(TaskIntent, reattached=True))
        event = bus.events[boundary.number - 1]
        swept.wrong += [
            f"killed at event {boundary.number} ({event.kind}, {boundary.when}): {each}"
            for each in wrong(world, expected, what, again)
        ]
    return swept

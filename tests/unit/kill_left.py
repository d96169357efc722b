"""What a killed haui leaves: what its journal has on record, and what became of each machine.

A `Left` is a plain value. The haui that resumes is given nothing else: its machines are made of
that value, and its journal says what that value says. Engine, steps and scripted machines know
neither a clock of their own nor chance, so two boundaries that leave the same value are one case,
and the sweep tries it once. What could be wrong with that is the value itself: so a test kills
ungrouped, too, and resumes on the very machines that the dead process has used.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from haui.host import TaskId, TaskRequest
from haui.record.state import RunState
from haui.session.plans import continues, takes_up
from tests.unit.kill_worlds import World
from tests.unit.scripted import Machine, Running, ScriptedFleet

BUSY_LATENCY_S = 0.5
DIGITS = 3
"""Times are compared to the millisecond: all of them are sums of tenths."""


@dataclass(frozen=True, slots=True)
class Known:
    """All that `haui.session.perform.perform` asks of the journal when it goes on."""

    run: str
    unfinished: bool
    continued: bool
    settled: frozenset[str]

    @staticmethod
    def of(state: RunState) -> Known:
        """What that state of the journal says."""
        return Known(
            run=state.run,
            unfinished=takes_up("apply", state, state.hosts),
            continued=continues("apply", state),
            settled=state.settled(),
        )


@dataclass(frozen=True, slots=True)
class Begun:
    """An attempt that was begun. `left_s` is how long it is still going on; 0: it has ended.
    `applies`: whether the step is true after it."""

    id: TaskId
    left_s: float
    applies: bool


@dataclass(frozen=True, slots=True)
class Host:
    """One machine: which steps are true on it, and the attempts that it knows."""

    name: str
    true: frozenset[str]
    begun: tuple[Begun, ...]


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a run. `lent` is what was supplied and not taken back: step and host."""

    known: Known
    hosts: tuple[Host, ...]
    lent: frozenset[tuple[str, str]]

    def proved(self) -> frozenset[tuple[str, str]]:
        """Host and step of all that is done: on record, or true on its machine."""
        recorded = {tuple(id_.split("@")) for id_ in self.known.settled}
        true = {(host.name, id_) for host in self.hosts for id_ in host.true}
        return frozenset({(host, id_) for id_, host in recorded} | true)

    def under_way(self) -> frozenset[tuple[str, TaskId]]:
        """What is still going on, by host."""
        return frozenset(
            (host.name, each.id) for host in self.hosts for each in host.begun if each.left_s
        )

    def but_for_proofs(self) -> Left:
        """Without the tasks that the journal knows to be done."""
        return replace(self, known=replace(self.known, settled=frozenset()))

    def later(self) -> Left:
        """When all that was going on has ended, and well."""
        hosts = tuple(
            Host(
                host.name,
                host.true | {each.id.step for each in host.begun if each.left_s and each.applies},
                tuple(replace(each, left_s=0.0) for each in host.begun),
            )
            for host in self.hosts
        )
        return replace(self, hosts=hosts)

    def renamed(self, names: Mapping[str, str]) -> Left:
        """With other names of steps."""

        def task(id_: str) -> str:
            step, at, host = id_.partition("@")
            return names.get(step, step) + at + host

        known = replace(self.known, settled=frozenset(map(task, self.known.settled)))
        hosts = tuple(
            Host(
                host.name,
                frozenset(names.get(id_, id_) for id_ in host.true),
                tuple(replace(b, id=replace(b.id, step=names[b.id.step])) for b in host.begun),
            )
            for host in self.hosts
        )
        return Left(known, hosts, frozenset((names[id_], host) for id_, host in self.lent))

    def fleet(self, world: World) -> ScriptedFleet:
        """Machines that were left like this, as a new haui finds them. They begin at 0 s."""
        fleet = world.fleet()
        fleet.lent |= self.lent
        for host in self.hosts:
            machine = fleet[host.name]
            machine.true = set(host.true)
            for each in host.begun:
                _begun(machine, each)
        busy_are_slow(fleet)
        for machine in fleet.machines.values():
            for running in machine.tasks.values():
                if not running.effective:
                    fleet.note_width(running.id.step, 0)
        return fleet


def busy_are_slow(fleet: ScriptedFleet) -> None:
    """From now on machines on which something is still going on answer later than the others: it
    has to count before another one, which is asked sooner, goes on."""
    for machine in fleet.machines.values():
        busy = not all(running.effective for running in machine.tasks.values())
        machine.latency = BUSY_LATENCY_S if busy else None


def left(fleet: ScriptedFleet, now: float) -> tuple[tuple[Host, ...], frozenset[tuple[str, str]]]:
    """The hosts as they are at that moment, and what is lent."""
    return tuple(_host(machine, now) for machine in fleet.machines.values()), frozenset(fleet.lent)


def arrived(hosts: Iterable[Host], sent: Iterable[tuple[Machine, TaskRequest]]) -> tuple[Host, ...]:
    """The hosts when the starts that were on their way have arrived, with nobody there to hear."""
    starting: dict[str, list[Begun]] = {}
    for machine, request in sent:
        attempt = machine.planned(request.id.step)
        begun = Begun(request.id, attempt.seconds, attempt.makes_true)
        starting.setdefault(machine.name, []).append(begun)
    return tuple(replace(host, begun=(*host.begun, *starting.get(host.name, ()))) for host in hosts)


def _host(machine: Machine, now: float) -> Host:
    machine.settle(now)
    return Host(machine.name, frozenset(machine.true), tuple(_attempts(machine, now)))


def _attempts(machine: Machine, now: float) -> Iterator[Begun]:
    for id_, running in machine.tasks.items():
        rest = max(round(running.ends_at - now, DIGITS), 10**-DIGITS)
        yield Begun(id_, 0.0 if running.effective else rest, running.attempt.makes_true)


def _begun(machine: Machine, each: Begun) -> None:
    """As if the machine had begun that attempt in the past."""
    attempt = machine.take(each.id.step)
    machine.bodies.append(each.id.step)
    running = Running(each.id, attempt, each.left_s - attempt.seconds)
    running.effective = not each.left_s
    machine.tasks[each.id] = running

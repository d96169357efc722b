"""A kill as it is, to test the grouping of the sweep: a run is cut off in the middle, and the next
haui works on the very machines that the dead one has used."""

from __future__ import annotations

from dataclasses import replace

from haui.events import AnyEvent, TaskFinished, TaskIntent
from haui.record.reducer import replay
from haui.record.state import RunState
from tests.unit.kill_left import Known, Left, busy_are_slow, left
from tests.unit.kill_sweep import Boundary, going
from tests.unit.kill_worlds import World
from tests.unit.mortal import KilledError, MortalRun
from tests.unit.scripted import ScriptedFleet
from tests.unit.scripted_run import Ran


def cut_off(world: World, boundary: Boundary) -> tuple[ScriptedFleet, Left]:
    """The machines after a kill at that boundary, and what is left as it is seen there.

    Raises AssertionError when the run was not cut off.
    """
    fleet = world.fleet()
    dying = MortalRun(fleet, boundary.number, kept=boundary.when == "kept")
    try:
        fleet.play(going(dying, world, Known.of(RunState())))
    except KilledError:
        known = Known.of(replay(event for event in dying.bus.events if event.on_record))
        hosts, lent = left(fleet, fleet.now)
        return fleet, Left(known, hosts, lent)
    raise AssertionError(f"nothing was killed at event {boundary.number}")


def gone_on(world: World, fleet: ScriptedFleet, what: Left) -> Ran:
    """A new haui on those machines."""
    busy_are_slow(fleet)
    ran = Ran(fleet)
    fleet.play(going(ran, world, what.known))
    return ran


def told(ran: Ran) -> dict[str, list[AnyEvent]]:
    """What was done to each host, in order, without how long it took and the numbers of events."""
    by_host: dict[str, list[AnyEvent]] = {}
    for event in ran.bus.events:
        if isinstance(event, TaskIntent | TaskFinished):
            timeless = {"seq": 0, "seconds": 0.0} if isinstance(event, TaskFinished) else {"seq": 0}
            by_host.setdefault(event.host, []).append(replace(event, **timeless))
    return by_host

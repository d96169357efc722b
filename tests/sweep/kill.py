"""One kill: an install that ends with SIGKILL at an event, and the haui that goes on."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from haui.errors import HauiError
from haui.events import TaskIntent
from haui.record.journal import read
from haui.record.reducer import replay
from haui.record.state import RunState
from haui.spec import ClusterSpec
from tests.sweep.ground import MEASURES, SPEED, Ground, State, Zygote


@dataclass(frozen=True, order=True)
class Moment:
    """With which event (from 1), and whether that is put on record before."""

    number: int
    kept: bool

    def __str__(self) -> str:
        return f"{self.number} {'kept' if self.kept else 'before'}"


@dataclass
class Killed:
    """What came of a kill. `wrong` is empty when all went as promised; `rejoined` is how many
    running changes were joined again, `settled` how many tasks had been proved by then."""

    moment: Moment
    settled: int = 0
    rejoined: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Whole:
    """An install that nobody has disturbed: what it made of the hosts, in how many events.

    `first_change` is the number of the first event that tells that a host is changed.
    """

    state: State
    events: int
    first_change: int


async def undisturbed(zygote: Zygote, spec: ClusterSpec) -> Whole:
    """Install without a kill. Raises AssertionError when that fails, with what haui said."""
    with tempfile.TemporaryDirectory(prefix="haui-whole-") as folder:
        async with Ground(spec, Path(folder)) as ground:
            assert await ground.apply(zygote) == 0, ground.complaint
            state = ground.state()
            assert not list(ground.crowded())
            assert all(count == 1 for done in state.done.values() for count in done.values())
            kinds = ground.kinds()
            return Whole(state, len(kinds), 1 + kinds.index(TaskIntent.kind))


async def kill(
    zygote: Zygote, spec: ClusterSpec, moment: Moment, whole: Whole, *, speed: float = SPEED
) -> Killed:
    """Kill an install at that moment, and have it finished. `speed` as in `Ground`."""
    killed = Killed(moment)
    with tempfile.TemporaryDirectory(prefix="haui-kill-") as folder:
        async with Ground(spec, Path(folder), speed) as ground:
            try:
                killed.wrong += await _killed(ground, zygote, killed, whole)
            except (AssertionError, HauiError, TimeoutError) as error:
                killed.wrong.append(f"{type(error).__name__}: {error}\n{ground.complaint}")
    return killed


async def _killed(ground: Ground, zygote: Zygote, killed: Killed, whole: Whole) -> list[str]:
    moment = killed.moment
    ended = await ground.apply(zygote, kill_at=moment.number, kept=moment.kept)
    ground.clock.hold()
    if ended != -signal.SIGKILL:
        return [f"it was not killed, but ended with {ended}: {ground.complaint}"]
    left = ground.store.read_state()
    done = {
        (name, attempt.step) for name in ground.fleet.hosts for attempt in ground.finished(name)
    }
    proved = done | {_task(id_) for id_ in left.settled()}
    killed.settled = len(left.settled())
    ended = await ground.go_on(zygote, left)
    if ended != 0:
        return [f"the next haui ended with {ended}: {ground.complaint}"]
    return [
        *_in_journal(ground, left, proved, killed),
        *_on_hosts(ground.state(), whole.state),
        *ground.crowded(),
    ]


def _in_journal(
    ground: Ground, left: RunState, proved: set[tuple[str, str]], killed: Killed
) -> Iterator[str]:
    """What the journal tells that must not have been."""
    contents = read(ground.store.journal_path)
    events = tuple(contents.events())
    state = replay(events)
    if contents.torn:
        yield f"the journal has a torn end: {contents.torn_why}"
    if state.outcome != "ok":
        yield f"the journal ends with {state.outcome or 'nothing'}"
    if left.unfinished and (state.run, state.sessions) != (left.run, left.sessions + 1):
        yield f"session {state.sessions} of run {state.run} goes on with {left.run}"
    if ground.store.owner() is not None:
        yield "the lock is still held"
    for event in events:
        if not isinstance(event, TaskIntent) or event.seq <= left.last_seq:
            continue
        killed.rejoined += event.reattached
        task = (event.host, event.step)
        if not event.reattached and task in proved and event.step not in MEASURES:
            yield f"{event.step} was proved on {event.host} and is begun again"
        if not event.reattached and event.attempt != 1 and event.step not in MEASURES:
            yield f"attempt {event.attempt} of {event.step} on {event.host}"


def _on_hosts(made: State, expected: State) -> Iterator[str]:
    """Where the hosts are not as after an install that nobody has disturbed."""
    for name in expected.files:
        for part in ("files", "done"):
            seen, whole = getattr(made, part)[name], getattr(expected, part)[name]
            for key in sorted({*seen, *whole}):
                if seen.get(key) != whole.get(key):
                    yield f"{part} of {name}: {key} is {seen.get(key)}, not {whole.get(key)}"


def _task(id_: str) -> tuple[str, str]:
    step, _, host = id_.partition("@")
    return host, step

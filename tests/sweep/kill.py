"""An install that ends with SIGKILL at an event, and the haui that goes on: once, or many times
in a row."""

from __future__ import annotations

import signal
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from haui.errors import HauiError
from haui.events import TaskFinished, TaskIntent
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


@dataclass(frozen=True, order=True)
class Progress:
    """When so many tasks are proved, and so many events later; `kept` as in `Moment`."""

    settled: int
    events: int
    kept: bool

    def __str__(self) -> str:
        return f"{self.settled}+{self.events}"


@dataclass
class Killed:
    """What came of a kill. `wrong` is empty when all went as promised; `rejoined` is how many
    running changes were joined again, `settled` how many tasks had been proved by then."""

    moment: Moment | Progress
    settled: int = 0
    rejoined: int = 0
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Whole:
    """An install that nobody has disturbed: what it made of the hosts, in how many events.

    `first_change` is the number of the first event that tells that a host is changed, `unchanged`
    how many tasks have been proved by then, `tasks` in the end.
    """

    state: State
    events: int
    first_change: int
    unchanged: int
    tasks: int


async def undisturbed(zygote: Zygote, spec: ClusterSpec) -> Whole:
    """Install without a kill. Raises AssertionError when that fails, with what haui said."""
    with tempfile.TemporaryDirectory(prefix="haui-whole-") as folder:
        async with Ground(spec, Path(folder)) as ground:
            assert await ground.apply(zygote) == 0, ground.complaint
            state = ground.state()
            assert not list(ground.crowded())
            assert all(count == 1 for done in state.done.values() for count in done.values())
            kinds = ground.kinds()
            first_change = kinds.index(TaskIntent.kind)
            return Whole(
                state,
                events=len(kinds),
                first_change=1 + first_change,
                unchanged=kinds[:first_change].count(TaskFinished.kind),
                tasks=kinds.count(TaskFinished.kind),
            )


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


async def kill_in_a_row(
    zygote: Zygote, spec: ClusterSpec, moments: Sequence[Progress], whole: Whole
) -> list[Killed]:
    """Kill an install at the first moment, the haui that goes on at the second, and so on; the one
    after the last kill finishes it. What is wrong in the end is told with the last kill."""
    row = [Killed(moment) for moment in moments]
    with tempfile.TemporaryDirectory(prefix="haui-kills-") as folder:
        async with Ground(spec, Path(folder)) as ground:
            try:
                await _killed_in_a_row(ground, zygote, row)
                row[-1].wrong += _on_hosts(ground.state(), whole.state)
                row[-1].wrong += ground.crowded()
            except (AssertionError, HauiError, TimeoutError) as error:
                row[-1].wrong.append(f"{type(error).__name__}: {error}\n{ground.complaint}")
    return row


async def _killed_in_a_row(ground: Ground, zygote: Zygote, row: Sequence[Killed]) -> None:
    left = RunState()
    for before, killed in zip((None, *row), (*row, None), strict=True):
        asked = {} if killed is None else _asked(killed.moment, left)
        proved = _proved(ground, left)
        if before is None:
            ended = await ground.apply(zygote, **asked)
        else:
            ended = await ground.go_on(zygote, left, **asked)
        ground.clock.hold()
        assert ended == (-signal.SIGKILL if killed else 0), f"haui ended with {ended}"
        if before is not None:
            before.wrong += _in_journal(ground, left, proved, before, whole=killed is None)
        left = ground.store.read_state()
        if killed is not None:
            killed.settled = len(left.settled())


def _asked(moment: Moment | Progress, left: RunState) -> dict[str, Any]:
    """As `Order` has it."""
    if isinstance(moment, Moment):
        return {"kill_at": moment.number, "kept": moment.kept}
    return {
        "kill_at": moment.events,
        "kept": moment.kept,
        "once_settled": moment.settled,
        "settled": sorted(left.settled()),
    }


def _proved(ground: Ground, left: RunState) -> set[tuple[str, str]]:
    """Host and step of what is done, on record or not."""
    hosts = ground.fleet.hosts
    done = {(name, attempt.step) for name in hosts for attempt in ground.finished(name)}
    return done | {_task(id_) for id_ in left.settled()}


async def _killed(ground: Ground, zygote: Zygote, killed: Killed, whole: Whole) -> list[str]:
    moment = killed.moment
    ended = await ground.apply(zygote, **_asked(moment, RunState()))
    ground.clock.hold()
    if ended != -signal.SIGKILL:
        return [f"it was not killed, but ended with {ended}: {ground.complaint}"]
    left = ground.store.read_state()
    proved = _proved(ground, left)
    killed.settled = len(left.settled())
    ended = await ground.go_on(zygote, left)
    if ended != 0:
        return [f"the next haui ended with {ended}: {ground.complaint}"]
    return [
        *_in_journal(ground, left, proved, killed, whole=True),
        *_on_hosts(ground.state(), whole.state),
        *ground.crowded(),
    ]


def _in_journal(
    ground: Ground, left: RunState, proved: set[tuple[str, str]], killed: Killed, *, whole: bool
) -> Iterator[str]:
    """What the journal tells that must not have been. `whole`: the haui that went on was not killed
    in its turn."""
    contents = read(ground.store.journal_path)
    events = tuple(contents.events())
    state = replay(events)
    sessions = {left.sessions + 1} if whole else {left.sessions, left.sessions + 1}
    if left.unfinished and (state.run != left.run or state.sessions not in sessions):
        yield f"session {state.sessions} of run {state.run} goes on with {left.run}"
    if ground.store.owner() is not None:
        yield "the lock is still held"
    if whole and contents.torn:
        yield f"the journal has a torn end: {contents.torn_why}"
    if whole and state.outcome != "ok":
        yield f"the journal ends with {state.outcome or 'nothing'}"
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

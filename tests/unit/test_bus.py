"""Events get numbers and times, reach the journal first, and everybody else in order."""

from __future__ import annotations

import asyncio
import itertools
import threading
from datetime import timedelta
from pathlib import Path

import pytest

from haui.errors import JournalError
from haui.events import Event, HostConnected, TaskIntent, TaskOutput
from haui.record.background import Background
from haui.record.bus import EventBus
from haui.record.journal import Journal, read
from haui.record.records import Record
from tests.unit.sample_run import START, at

OUTPUT = TaskOutput(host="h", step="s", lines=("x",))
INTENT = TaskIntent(host="h", step="s", attempt=1)
CONNECTED = HostConnected(host="h")


class SlowJournal:
    """Acknowledges when the test says so."""

    def __init__(self, last_seq: int = 0) -> None:
        self.last_seq = last_seq
        self.waiting: dict[int, asyncio.Future[None]] = {}
        self.records: list[Record] = []

    def submit(self, record: Record, *, durable: bool = False) -> asyncio.Future[None]:
        self.records.append(record)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if durable:
            self.waiting[record["seq"]] = future
        else:
            future.set_result(None)
        return future


def gone(path: Path) -> None:
    path.unlink()


async def settle() -> None:
    """Lets everything run that can run."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_events_are_numbered_stamped_and_handed_out() -> None:
    seen: list[Event] = []
    seconds = itertools.count(1)
    bus = EventBus(lambda: START + timedelta(seconds=next(seconds)), [seen.append])
    first, second = await bus.emit(CONNECTED), await bus.emit(OUTPUT)
    assert seen == [first, second]
    assert [(event.seq, event.at) for event in seen] == [(1, at(1)), (2, at(2))]


async def test_numbers_go_on_from_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.yaml"
    for begin in (Journal.create, Journal.open):
        async with begin(path) as journal:
            bus = EventBus(journal=journal)
            for event in (CONNECTED, OUTPUT, INTENT):
                await bus.emit(event)
    assert [(each["seq"], each["event"]) for each in read(path).records] == [
        (1, "host_connected"),
        (3, "task_intent"),
        (4, "host_connected"),
        (6, "task_intent"),
    ]


async def test_a_durable_event_waits_for_the_disk_and_the_next_for_it() -> None:
    seen: list[int] = []
    journal = SlowJournal()
    bus = EventBus(subscribers=[lambda event: seen.append(event.seq)], journal=journal)
    emits = [asyncio.create_task(bus.emit(event)) for event in (INTENT, CONNECTED, OUTPUT, INTENT)]
    await settle()
    assert (seen, [emit.done() for emit in emits]) == ([], [False] * 4)
    assert [record["seq"] for record in journal.records] == [1, 2, 4], "written without waiting"
    journal.waiting[4].set_result(None)
    await settle()
    assert seen == []
    journal.waiting[1].set_result(None)
    await asyncio.gather(*emits)
    assert seen == [1, 2, 3, 4]


async def test_what_the_journal_refused_nobody_sees() -> None:
    seen: list[int] = []
    journal = SlowJournal()
    bus = EventBus(subscribers=[lambda event: seen.append(event.seq)], journal=journal)
    refused = asyncio.create_task(bus.emit(INTENT))
    after = asyncio.create_task(bus.emit(OUTPUT))
    await settle()
    journal.waiting[1].set_exception(JournalError("full"))
    with pytest.raises(JournalError, match="full"):
        await refused
    await after
    assert seen == [2]


async def test_a_cancelled_emitter_does_not_hold_up_the_others() -> None:
    seen: list[int] = []
    journal = SlowJournal()
    bus = EventBus(subscribers=[lambda event: seen.append(event.seq)], journal=journal)
    emits = [asyncio.create_task(bus.emit(INTENT)) for _ in range(2)]
    await settle()
    emits[0].cancel()
    await settle()
    for future in journal.waiting.values():
        future.set_result(None)
    await emits[1]
    assert emits[0].cancelled()
    assert seen == [1, 2], "it is on record, so everybody hears of it"


async def test_a_failing_subscriber_is_dropped_and_told_once(tmp_path: Path) -> None:
    seen: list[int] = []
    told: list[str] = []

    def printer(event: Event) -> None:
        if event.seq == 2:
            raise OSError("paper jam")

    path = tmp_path / "journal.yaml"
    async with Journal.create(path) as journal:
        bus = EventBus(
            subscribers=[printer, lambda event: seen.append(event.seq)],
            journal=journal,
            on_trouble=told.append,
        )
        for _ in range(4):
            await bus.emit(INTENT)
    assert told == ["printer stopped following the run: paper jam"]
    assert seen == [1, 2, 3, 4]
    assert read(path).last_seq == 4


async def test_subscribers_come_and_go() -> None:
    seen: list[int] = []

    def follow(event: Event) -> None:
        seen.append(event.seq)

    bus = EventBus()
    await bus.emit(CONNECTED)
    bus.subscribe(follow)
    await bus.emit(CONNECTED)
    bus.unsubscribe(follow)
    bus.unsubscribe(follow)
    await bus.emit(CONNECTED)
    assert seen == [2]


async def test_a_journal_that_is_gone_stops_the_run(tmp_path: Path) -> None:
    async with Journal.create(tmp_path / "journal.yaml") as journal:
        bus = EventBus(journal=journal)
        await bus.emit(INTENT)
        gone(journal.path)
        with pytest.raises(JournalError, match="deleted"):
            await bus.emit(INTENT)
        with pytest.raises(JournalError, match="deleted"):
            await bus.emit(CONNECTED)


class Gate:
    """A subscriber that is stuck until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.stuck = threading.Event()
        self.seen: list[Event] = []

    def __call__(self, event: Event) -> None:
        self.stuck.set()
        self.open.wait(30)
        self.seen.append(event)


async def test_a_stuck_printer_costs_output_but_no_event() -> None:
    gate = Gate()
    background = Background(gate, limit=3)
    bus = EventBus(subscribers=[background])
    await bus.emit(CONNECTED)
    assert gate.stuck.wait(30)
    for _ in range(5):
        await bus.emit(OUTPUT)
        await bus.emit(INTENT)
    assert background.dropped == 2
    gate.open.set()
    await background.close()
    assert [event.kind for event in gate.seen].count("task_intent") == 5
    assert [event.kind for event in gate.seen].count("task_output") == 3
    assert [event.seq for event in gate.seen] == sorted(event.seq for event in gate.seen)


async def test_closing_gives_up_on_a_printer_that_stays_stuck() -> None:
    gate = Gate()
    background = Background(gate)
    background(CONNECTED)
    assert gate.stuck.wait(30)
    await background.close(patience_s=0.01)
    background(CONNECTED)
    gate.open.set()


async def test_a_failing_background_printer_is_told_once() -> None:
    told: list[str] = []

    def fail(event: Event) -> None:
        raise OSError("no paper")

    background = Background(fail, on_trouble=told.append)
    background(CONNECTED)
    background(CONNECTED)
    await background.close()
    assert told == ["the output ends here: no paper"]


async def test_an_idle_printer_hears_the_time_in_its_own_thread() -> None:
    threads: list[int] = []
    ticked = threading.Event()

    def tick() -> None:
        threads.append(threading.get_ident())
        ticked.set()

    background = Background(
        lambda event: threads.append(threading.get_ident()), tick=tick, tick_s=0.001
    )
    background(CONNECTED)
    assert await asyncio.to_thread(ticked.wait, 30)
    await background.close()
    assert len(set(threads)) == 1
    assert threads[0] != threading.get_ident()

"""Numbers the events of a run and hands them out: to the journal first, then to everybody else.

Subscribers see events in the order of their numbers, and a durable one only when it is on disk.
They are plain functions that must not block; `haui.record.background` puts a thread under those
that may. One that raises is dropped and reported: it never costs the run its journal. A journal
that raises stops the run, since nothing may happen on a host that is not on record.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol, TypeVar

from haui.events import Event
from haui.record.records import Record, to_record
from haui.record.stamp import Now, stamp, utc_now

E = TypeVar("E", bound=Event)
Subscriber = Callable[[Event], None]

_log = logging.getLogger(__name__)


class Recorder(Protocol):
    """What the bus needs of a journal."""

    @property
    def last_seq(self) -> int: ...

    def submit(self, record: Record, *, durable: bool = False) -> asyncio.Future[None]: ...


class _Delivery:
    """An event on its way to the subscribers; they get it when all before it are ready."""

    __slots__ = ("delivered", "event", "failed", "ready")

    def __init__(self, event: Event, delivered: asyncio.Future[None]) -> None:
        self.event = event
        self.delivered = delivered
        self.ready = False
        self.failed = False


class EventBus:
    """One run's events. Use from one event loop.

    `now` tells the wall-clock time for `at`; `on_trouble` is told, once for each, of subscribers
    that failed. With a journal the numbers go on from its last record.
    """

    def __init__(
        self,
        now: Now = utc_now,
        subscribers: Iterable[Subscriber] = (),
        *,
        journal: Recorder | None = None,
        on_trouble: Callable[[str], None] = _log.warning,
    ) -> None:
        self._now = now
        self._subscribers = list(subscribers)
        self._journal = journal
        self._on_trouble = on_trouble
        self._seq = journal.last_seq if journal else 0
        self._pending: deque[_Delivery] = deque()
        self._delivering = False

    def subscribe(self, subscriber: Subscriber) -> None:
        """From the next event on."""
        self._subscribers.append(subscriber)

    def unsubscribe(self, subscriber: Subscriber) -> None:
        """No event from now on; nothing happens when it is no subscriber."""
        if subscriber in self._subscribers:
            self._subscribers.remove(subscriber)

    async def emit(self, event: E) -> E:
        """Number the event, put it on record, hand it out; returns the numbered event.

        Returns when the subscribers have it, so for a durable event when it is on disk. Raises
        JournalError when it could not be written; nobody has seen it then, and it may be emitted
        again. A cancelled caller does not take the event back.
        """
        self._seq += 1
        event = replace(event, seq=self._seq, at=stamp(self._now()))
        delivery = _Delivery(event, asyncio.get_running_loop().create_future())
        recorded = self._record(event)
        self._pending.append(delivery)
        if recorded is None or (recorded.done() and not recorded.exception()):
            self._ready(delivery)
        else:
            recorded.add_done_callback(lambda done: self._recorded(delivery, done))
        await delivery.delivered
        return event

    def _record(self, event: Event) -> asyncio.Future[None] | None:
        if self._journal is None or not event.on_record:
            return None
        return self._journal.submit(to_record(event), durable=event.durable)

    def _recorded(self, delivery: _Delivery, done: asyncio.Future[None]) -> None:
        error = done.exception()
        if error is None:
            self._ready(delivery)
            return
        delivery.failed = True
        if not delivery.delivered.done():
            delivery.delivered.set_exception(error)
        self._ready(delivery)

    def _ready(self, delivery: _Delivery) -> None:
        delivery.ready = True
        if self._delivering:
            return  # A subscriber emitted: its event waits for its turn.
        self._delivering = True
        try:
            while self._pending and self._pending[0].ready:
                self._deliver(self._pending.popleft())
        finally:
            self._delivering = False

    def _deliver(self, delivery: _Delivery) -> None:
        if delivery.failed:
            return
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(delivery.event)
            except Exception as error:  # noqa: BLE001 - it is reported, and the run goes on
                _log.debug("a subscriber failed", exc_info=True)
                self.unsubscribe(subscriber)
                name = getattr(subscriber, "__name__", type(subscriber).__name__)
                self._on_trouble(f"{name} stopped following the run: {error}")
        if not delivery.delivered.done():
            delivery.delivered.set_result(None)

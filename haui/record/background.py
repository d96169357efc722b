"""Puts a thread under a subscriber that may block: a terminal that is stopped, a slow pipe.

The run never waits for it. When it falls behind, output lines are left out (the log files have
them, and the gap shows in the numbers); all other events are kept, and a plan has only so many.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable

from haui.events import Event, TaskOutput

_log = logging.getLogger(__name__)

OUTPUT_LIMIT = 2000
"""How many output events may wait."""
TICK_S = 1.0
"""How often an idle subscriber is told that time goes on."""


class Background:
    """A subscriber that feeds another one from its own thread, in order.

    `tick` is called in the same thread every `tick_s` seconds without an event (for heartbeats).
    `close` returns when everything was handled, at most after `patience_s`.
    """

    def __init__(
        self,
        subscriber: Callable[[Event], None],
        *,
        tick: Callable[[], None] | None = None,
        on_trouble: Callable[[str], None] = _log.warning,
        limit: int = OUTPUT_LIMIT,
        tick_s: float = TICK_S,
    ) -> None:
        self.dropped = 0
        self._subscriber = subscriber
        self._tick = tick
        self._on_trouble = on_trouble
        self._limit = limit
        self._tick_s = tick_s
        self._wake = threading.Condition()
        self._queue: deque[Event] = deque()
        self._outputs = 0
        self._closing = False
        self._failed = False
        self._thread = threading.Thread(target=self._run, name="haui-printer", daemon=True)
        self._thread.start()

    def __call__(self, event: Event) -> None:
        """Queues the event; never blocks."""
        with self._wake:
            if self._failed or self._closing:
                return
            if isinstance(event, TaskOutput):
                if self._outputs >= self._limit:
                    self.dropped += 1
                    return
                self._outputs += 1
            self._queue.append(event)
            self._wake.notify()

    async def close(self, patience_s: float = 5.0) -> None:
        """Ends the thread after the last event; gives up on one that is stuck."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        await asyncio.to_thread(self._thread.join, patience_s)

    def _run(self) -> None:
        while True:
            with self._wake:
                if not self._queue and not self._closing:
                    self._wake.wait(self._tick_s)
                if not self._queue and self._closing:
                    return
                event = self._queue.popleft() if self._queue else None
                self._outputs -= isinstance(event, TaskOutput)
            try:
                if event is not None:
                    self._subscriber(event)
                elif self._tick is not None:
                    self._tick()
            except Exception as error:  # noqa: BLE001 - it is reported, and the run goes on
                self._give_up(error)
                return

    def _give_up(self, error: Exception) -> None:
        with self._wake:
            self._failed = True
            self._queue.clear()
        self._on_trouble(f"the output ends here: {error}")

"""Limits on how many tasks of a kind run at once, over all hosts.

A lane also counts tasks that an earlier, interrupted run of haui left running on their hosts: they
are reserved when their host answers, before any new task of the lane may begin.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager

from haui.errors import ConnectError

Waiting = Callable[[str], Awaitable[None]]
"""Told why a task waits."""


class Lane:
    """At most `width` holders at once; those who wait are served in the order of asking."""

    def __init__(self, name: str, width: int) -> None:
        self.name = name
        self._width = width
        self._holders: set[str] = set()
        self._queue: deque[tuple[str, asyncio.Future[None]]] = deque()

    def reserve(self, task: str) -> None:
        """Count `task`, which is already running, even when that exceeds the width."""
        self._holders.add(task)

    async def enter(self, task: str, waiting: Waiting) -> None:
        if task in self._holders:
            return
        if len(self._holders) < self._width and not self._queue:
            self._holders.add(task)
            return
        turn = asyncio.get_running_loop().create_future()
        self._queue.append((task, turn))
        try:
            await waiting(f"waits for its turn ({self.name}: {self._width} at a time)")
            await turn
        except BaseException:
            self._queue = deque(entry for entry in self._queue if entry[1] is not turn)
            self.leave(task)
            raise

    def leave(self, task: str) -> None:
        self._holders.discard(task)
        while self._queue and len(self._holders) < self._width:
            following, turn = self._queue.popleft()
            if not turn.done():
                self._holders.add(following)
                turn.set_result(None)


class Lanes:
    """The lanes of one run."""

    def __init__(self, widths: Mapping[str, int]) -> None:
        self._lanes = {name: Lane(name, width) for name, width in widths.items()}
        self.ready = asyncio.Event()
        """Set when every host has said what it is still running (or can't be reached)."""

    def reserve(self, lane: str, task: str) -> None:
        self._lanes[lane].reserve(task)

    def release(self, lane: str | None, task: str) -> None:
        """Give back a place that is not needed (any more); harmless when there is none."""
        if lane is not None:
            self._lanes[lane].leave(task)

    @asynccontextmanager
    async def hold(
        self, lane: str | None, task: str, waiting: Waiting, *, unknown: Callable[[], bool]
    ) -> AsyncIterator[None]:
        """Be in the lane for the time of the block; None is no lane.

        When the host was lost and it is `unknown` whether the task goes on there, its place is
        kept until `release`.
        """
        if lane is None:
            yield
            return
        await self.ready.wait()
        await self._lanes[lane].enter(task, waiting)
        kept = False
        try:
            yield
        except ConnectError:
            kept = unknown()
            raise
        finally:
            if not kept:
                self._lanes[lane].leave(task)

"""The hosts of one run: connected once, asked again when a connection broke while reading."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from haui.errors import (
    ConnectError,
    ConnectionLostError,
    HauiError,
    HostKeyError,
    NoAnswerError,
)
from haui.events import AnyEvent, Event, HostConnected, HostLost
from haui.execution.clock import Clock
from haui.host import Completed, Host, Script, TaskState

REDIAL_PAUSES_S = (1.0, 2.0, 5.0, 10.0, 20.0, 40.0)
BOOTING_PAUSES_S = (60.0,) * 8
"""A server's firmware takes minutes: as patient as the transport is while a task is followed. Only
for a host that can't be reached, not for one that refuses us."""
BRIEF_PAUSES_S = (1.0, 2.0, 4.0)
"""For a host that is only looked at: it is told at once that it went away, and asked for later."""
ASKS = 3


class Bus(Protocol):
    """Where events go. Numbers them, and waits for the journal when the event is durable."""

    async def emit(self, event: AnyEvent, /) -> Event:
        """Returns the numbered event. Raises JournalError when it could not be written."""


class _Link:
    """One host's connection, as far as this run knows."""

    def __init__(self) -> None:
        self.lock = asyncio.Lock()
        self.opened = False
        self.error: HauiError | None = None
        self.known = False
        """Whether it was connected before."""
        self.attempts: dict[str, TaskState] = {}


class Connections:
    """Gives access to hosts by name and remembers what earlier runs left on them."""

    def __init__(
        self,
        hosts: Callable[[str], Host],
        bus: Bus,
        clock: Clock,
        run_id: str,
        *,
        new: bool = False,
    ) -> None:
        """`new`: no host can know of the run until it was connected once."""
        self._hosts = hosts
        self._bus = bus
        self._clock = clock
        self._run_id = run_id
        self._new = new
        self._links: dict[str, _Link] = {}

    def host(self, name: str) -> Host:
        return self._hosts(name)

    def attempts(self, name: str) -> dict[str, TaskState]:
        """For each step that this run ever began on the host: its attempt that counts."""
        return self._links[name].attempts if name in self._links else {}

    async def open(self, name: str) -> None:
        """Connect and learn which tasks the host knows; done once for a run.

        Raises the `HauiError` of the first try again for a host that could not be reached.
        """
        link = self._links.setdefault(name, _Link())
        async with link.lock:
            if link.opened:
                return
            if link.error is not None:
                raise link.error
            try:
                await self._connect(name)
                if not self._new or link.known:
                    link.attempts = _that_count(await self._states(name))
                link.known = True
            except HauiError as error:
                link.error = error
                raise
            link.opened = True

    async def reopen(self, name: str) -> None:
        """As `open`, but ask the host again what it knows; one that was unreachable is dialled."""
        link = self._links.setdefault(name, _Link())
        async with link.lock:
            link.opened, link.error = False, None
        await self.open(name)

    async def ask(
        self, name: str, script: Script, *, timeout_s: float, brief: bool = False
    ) -> Completed:
        """Run a script that only reads; asked again (3 times in all) when the connection broke.

        A host that did not answer in the script's time is not asked again. `brief`: asked again
        only once, and dialled for a few seconds.
        """
        for _ in range(1 if brief else ASKS - 1):
            try:
                return await self.host(name).run(script, timeout_s=timeout_s)
            except NoAnswerError:
                raise
            except ConnectionLostError as lost:
                await self._redial(name, lost, BRIEF_PAUSES_S if brief else REDIAL_PAUSES_S)
        return await self.host(name).run(script, timeout_s=timeout_s)

    async def ask_first(
        self, names: Iterable[str], script: Script, *, timeout_s: float
    ) -> Completed:
        """Run a script on the first of `names` that can be reached.

        Raises the last ConnectError when none can.
        """
        error: HauiError = ConnectError(
            f"no host is there to run {script.name} on", fix="This is a defect of the step."
        )
        for name in names:
            try:
                await self.open(name)
                await self.host(name).connect()
                return await self.host(name).run(script, timeout_s=timeout_s)
            except ConnectError as failed:
                error = failed
        raise error

    async def read(self, name: str, path: str) -> bytes:
        """A file's content; read again (3 times in all) when the connection broke."""
        for _ in range(ASKS - 1):
            try:
                return await self.host(name).read(path)
            except ConnectionLostError as lost:
                await self._redial(name, lost)
        return await self.host(name).read(path)

    async def _states(self, name: str) -> tuple[TaskState, ...]:
        for _ in range(ASKS - 1):
            try:
                return await self.host(name).tasks(self._run_id)
            except ConnectionLostError as lost:
                await self._redial(name, lost)
        return await self.host(name).tasks(self._run_id)

    async def _connect(self, name: str) -> None:
        fingerprint = await self.host(name).connect()
        await self._bus.emit(HostConnected(host=name, fingerprint=fingerprint))

    async def _redial(
        self, name: str, lost: ConnectionLostError, pauses: Sequence[float] = REDIAL_PAUSES_S
    ) -> None:
        """Connect again, for about ten minutes, or as long as `pauses` last. Raises the last
        ConnectError, one that does not go away after about 80 s, a wrong host key at once."""
        await self._bus.emit(HostLost(host=name, reason=lost.why or lost.what))
        booting = iter(BOOTING_PAUSES_S if pauses is REDIAL_PAUSES_S else ())
        waits = iter(pauses)
        pause = next(waits)
        while True:
            await self._clock.sleep(pause)
            try:
                return await self._connect(name)
            except HostKeyError:
                raise
            except ConnectError as error:
                further = next(waits, None) or (next(booting, None) if error.passing else None)
                if further is None:
                    raise
                pause = further


def _that_count(states: Iterable[TaskState]) -> dict[str, TaskState]:
    """Per step the running attempt, else the highest one."""
    counting: dict[str, TaskState] = {}
    for state in states:
        known = counting.get(state.id.step)
        if known is None or _rank(state) > _rank(known):
            counting[state.id.step] = state
    return counting


def _rank(state: TaskState) -> tuple[bool, int]:
    return (state.status == "running", state.id.attempt)

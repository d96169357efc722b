"""A haui process that can be killed at any event or answer, for the tests of resuming.

A kill is the harshest there is: from that moment the old process can neither emit nor reach a host,
and its clean-up does nothing. What runs on the machines goes on by itself.
"""

from __future__ import annotations

import dataclasses
from typing import TypeVar

from haui.events import AnyEvent
from haui.host import Completed, Host, LineSink, Script, TaskId, TaskRequest, TaskState
from tests.unit.scripted import ScriptedFleet
from tests.unit.scripted_run import Ran, RecordingBus

T = TypeVar("T")
NEVER = 10**9


class KilledError(BaseException):
    """Stands for SIGKILL: nothing in haui may catch it and go on."""


@dataclasses.dataclass
class Life:
    """Whether one haui process still lives; it can be made to end with the n-th answer."""

    alive: bool = True
    last_answer: int = 0
    answers: int = 0

    def check(self) -> None:
        if not self.alive:
            raise KilledError

    def heard(self, answer: T) -> T:
        """A host has done what it was asked for; whether the answer arrives is another matter."""
        self.check()
        self.answers += 1
        if self.answers == self.last_answer:
            self.alive = False
            raise KilledError
        return answer


class MortalHost:
    """A connection that is worth nothing once its process is dead."""

    def __init__(self, inner: Host, life: Life) -> None:
        self._inner = inner
        self._life = life

    @property
    def name(self) -> str:
        return self._inner.name

    async def connect(self) -> str:
        self._life.check()
        return self._life.heard(await self._inner.connect())

    async def run(self, script: Script, *, timeout_s: float = 60) -> Completed:
        self._life.check()
        return self._life.heard(await self._inner.run(script, timeout_s=timeout_s))

    async def start(self, request: TaskRequest) -> TaskState:
        self._life.check()
        return self._life.heard(await self._inner.start(request))

    async def follow(self, task: TaskId, *, offset: int = 0, on_lines: LineSink) -> TaskState:
        self._life.check()
        return self._life.heard(await self._inner.follow(task, offset=offset, on_lines=on_lines))

    async def tasks(self, run: str) -> tuple[TaskState, ...]:
        self._life.check()
        return self._life.heard(await self._inner.tasks(run))

    async def cancel(self, task: TaskId) -> TaskState:
        self._life.check()
        return self._life.heard(await self._inner.cancel(task))

    async def read(self, path: str, *, limit: int = 1 << 20) -> bytes:
        self._life.check()
        return self._life.heard(await self._inner.read(path, limit=limit))

    async def close(self) -> None:
        self._life.check()


class MortalBus(RecordingBus):
    """Kills its process before (`kept` False) or after the k-th event was written."""

    def __init__(self, life: Life, kill_at: int, *, kept: bool) -> None:
        super().__init__()
        self._life = life
        self._kill_at = kill_at
        self._kept = kept

    async def emit(self, event: AnyEvent, /) -> AnyEvent:
        self._life.check()
        last = len(self.events) + 1 == self._kill_at
        if last and not self._kept:
            self._life.alive = False
            raise KilledError
        numbered = await super().emit(event)
        if last:
            self._life.alive = False
            raise KilledError
        return numbered


class MortalRun(Ran):
    """A run whose hosts die with it."""

    def __init__(
        self, fleet: ScriptedFleet, kill_at: int, *, kept: bool = True, last_answer: int = 0
    ) -> None:
        self.life = Life(last_answer=last_answer)
        super().__init__(fleet, MortalBus(self.life, kill_at, kept=kept))
        hosts = {name: MortalHost(self.host(name), self.life) for name in fleet.machines}
        self.host = hosts.__getitem__

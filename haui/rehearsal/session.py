"""One exec on a simulated host: what is asked comes in, the answer goes out in its time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, Protocol

import asyncssh

from haui.rehearsal.answer import Answer, Follow
from haui.rehearsal.clock import FleetClock
from haui.rehearsal.host import SimulatedHost
from haui.rehearsal.hostile import Endless
from haui.rehearsal.login import Asked, Sudo, asked
from haui.transport.wire import Envelope

BATCH_S = 0.02
"""Output that appears within this time is sent together."""
GLANCE_S = 0.5
"""How often a follower looks whether its task was cancelled."""


class Server(Protocol):
    """The host's side of the network, as one of its sessions needs it."""

    host: SimulatedHost
    clock: FleetClock
    sudo_password: str | None

    def answer(self, request: Envelope) -> Answer | Follow | Endless | None:
        """What the model says; None when the connection is about to die instead."""

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a coroutine until it ends or the host is stopped."""

    def save(self) -> None:
        """Put the state on disk when it has changed."""

    def cut(self) -> None:
        """Close every connection without a word."""


class Session(asyncssh.SSHServerSession[bytes]):
    """One exec: sudo's question, the sentinel, the envelope, the answer."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._chan: asyncssh.SSHServerChannel[bytes] | None = None
        self._data = bytearray()
        self._asked = Asked(kind="refused")
        self._sudo: Sudo | None = None
        self._task: asyncio.Task[None] | None = None
        self._answered = False
        self._writable = asyncio.Event()
        self._writable.set()

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._chan = chan

    def connection_lost(self, exc: Exception | None) -> None:
        if self._task is not None:
            self._task.cancel()

    def exec_requested(self, command: str) -> bool:
        password = self._server.sudo_password
        self._asked = asked(command, needs_password=password is not None)
        if self._asked.prompt is not None and password is not None:
            self._sudo = Sudo(self._asked.prompt, password)
        return True

    def session_started(self) -> None:
        if self._sudo is not None:
            self._channel.write_stderr(self._sudo.prompt)
        elif self._asked.kind == "script":
            self._channel.write(self._asked.sentinel)
        elif self._asked.kind == "probe":
            self._finish(self._login())
        else:
            self._finish(Answer(stderr=self._asked.problem, status=1))

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self._data += data
        while self._sudo is not None and not self._answered:
            line, gap, rest = bytes(self._data).partition(b"\n")
            if not gap:
                return
            self._data[:] = rest
            self._password(self._sudo, line)
        if self._answered or not (request := Envelope.decode(bytes(self._data))):
            return
        self._answered = True
        self._data.clear()
        answer = self._server.answer(request)
        if answer is None:
            return
        if isinstance(answer, Follow | Endless) or answer.delay > 0:
            self._task = self._server.spawn(self._later(answer))
        else:
            self._finish(answer)

    def eof_received(self) -> bool:
        if self._sudo is not None and not self._answered:
            self._finish(Answer(stderr=b"sudo: no password was provided\n", status=1))
        return True

    def _password(self, sudo: Sudo, line: bytes) -> None:
        right, words = sudo.line(line)
        if right:
            self._sudo = None
            self._channel.write(self._asked.sentinel)
        elif words.endswith(sudo.prompt):
            self._channel.write_stderr(words)
        else:
            self._finish(Answer(stderr=words, status=1))

    def _login(self) -> Answer:
        """What the login is and may, for the client's first question."""
        if self._server.sudo_password is None:
            return Answer(stdout=self._asked.sentinel + b"0\n")
        words = b"sudo: a password is required\n"
        return Answer(stdout=self._asked.sentinel + b"1000\n", stderr=words, status=1)

    @property
    def _channel(self) -> asyncssh.SSHServerChannel[bytes]:
        assert self._chan is not None
        return self._chan

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def _later(self, answer: Answer | Follow | Endless) -> None:
        with contextlib.suppress(BrokenPipeError, ConnectionError):
            if isinstance(answer, Endless):
                await self._without_end(answer.chunk)
            elif isinstance(answer, Follow):
                await self._follow(answer)
            else:
                await self._server.clock.sleep(answer.delay)
                self._finish(answer)

    async def _without_end(self, chunk: bytes) -> None:
        """As fast as the client takes it, until it has had enough."""
        while True:
            self._channel.write(chunk)
            await self._writable.wait()
            await asyncio.sleep(0)

    def _finish(self, answer: Answer) -> None:
        self._answered = True
        if answer.drop:
            self._server.cut()
            return
        if answer.stdout:
            self._channel.write(answer.stdout)
        if answer.stderr:
            self._channel.write_stderr(answer.stderr)
        self._channel.exit(answer.status)

    async def _follow(self, wanted: Follow) -> None:
        """Send the task's output as it appears, then the mark; misbehave when asked to."""
        host, clock = self._server.host, self._server.clock
        task, sent = wanted.attempt, wanted.offset
        while True:
            now = clock.now()
            output = task.output(now)
            dropping = task.drops and now >= task.started + task.duration / 2
            end = len(output) // 2 if dropping else len(output)
            if end > sent:
                self._channel.write(output[sent:end])
                sent = end
            if dropping:
                task.drops = False
                host.changed = True
                self._server.save()
                self._channel.get_connection().abort()
                return
            if host.tick(now):
                self._server.save()
                self._server.cut()
                return
            if task.status(now, host.state.boot) != "running":
                self._channel.write(task.mark(wanted.mark, now, host.state.boot))
                self._channel.exit(0)
                return
            await clock.sleep(min(max(task.next_at(now) - now, BATCH_S), GLANCE_S))

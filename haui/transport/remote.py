"""RemoteHost: the Host protocol over SSH."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import Awaitable, Callable
from typing import Literal, TypeVar

from haui import agent
from haui.errors import ConnectError, ConnectionLostError, StepError
from haui.execution.clock import Clock, LoopClock
from haui.host import Completed, LineSink, Script, TaskId, TaskRequest, TaskState
from haui.secret import Secret
from haui.transport.converse import Answer, Link
from haui.transport.credentials import Credentials
from haui.transport.exec import Executing
from haui.transport.launch import SudoMode
from haui.transport.login import BusyError, Target, TransientError
from haui.transport.patience import Patience
from haui.transport.taskwire import (
    MarkFinder,
    agent_failure,
    read_state,
    read_states,
    secrets_of,
    start_script,
    task_script,
)
from haui.transport.text import LineReader, Redactor, clean_text
from haui.transport.wire import READ_ABSENT, READ_SCRIPT, READ_TOO_LARGE

OUTPUT_LIMIT = 64 << 20
"""Bytes of one task's output that are passed on; the runner on the host keeps about as many."""
FLOOD_LIMIT = 4 * OUTPUT_LIMIT
"""Bytes after which a host is not listened to any more: none of ours sends as many."""
RUN_LIMIT = 4 << 20
START_TIMEOUT_S, STATES_TIMEOUT_S, CANCEL_TIMEOUT_S = 180, 90, 120
FOLLOW_TIMEOUT_S = 24 * 3600
PATIENCE_S = 600.0
_BUSY_TRIES = 8

OnConnection = Callable[[Literal["connected", "lost"], str, str], None]
"""Hears (kind, host, fingerprint or reason) when a connection breaks in the middle of a task's
start, following or cancelling, and when it is back. First connections are not reported."""

Dial = Callable[[Target], Awaitable[Link]]
T = TypeVar("T")


class RemoteHost:
    """One machine over SSH; see haui.host.Host for what its methods promise."""

    def __init__(
        self,
        target: Target,
        dial: Dial,
        credentials: Credentials,
        *,
        sudo: SudoMode = "auto",
        on_connection: OnConnection | None = None,
        patience_s: float = PATIENCE_S,
        clock: Clock | None = None,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self._target = target
        self._dial = dial
        self._credentials = credentials
        self._executing = Executing(target, sudo, credentials)
        self._on_connection = on_connection
        self._patience_s = patience_s
        self._clock = clock or LoopClock()
        self._rng = rng
        self._lock = asyncio.Lock()
        self._link: Link | None = None
        self._task_secrets: dict[TaskId, tuple[Secret, ...]] = {}

    @property
    def name(self) -> str:
        return self._target.name

    async def connect(self) -> str:
        return (await self._ready()).fingerprint

    async def run(self, script: Script, *, timeout_s: float = 60) -> Completed:
        answer = await self._run(script, timeout_s, RUN_LIMIT)
        return _completed(answer)

    async def start(self, request: TaskRequest) -> TaskState:
        script = start_script(request)
        self._task_secrets[request.id] = secrets_of(request)

        async def once() -> TaskState:
            done = _completed(await self._run(script, START_TIMEOUT_S, RUN_LIMIT))
            return read_state(request.id, done, host=self.name)

        return await self._patiently(once)

    async def follow(self, task: TaskId, *, offset: int = 0, on_lines: LineSink) -> TaskState:
        known = (*self._credentials.known(), *self._task_secrets.get(task, ()))
        following = _Following(self.name, task, offset, LineReader(Redactor(known)), on_lines)
        patience = self._patience()
        while True:
            before = following.position
            state = await self._patiently(lambda: self._follow(following, patience), patience)
            behind = state.output_bytes > following.position > before
            if state.status != "running" and not behind:
                await following.end()
                return state

    async def tasks(self, run: str) -> tuple[TaskState, ...]:
        script = task_script("states", run)

        async def once() -> tuple[TaskState, ...]:
            done = _completed(await self._run(script, STATES_TIMEOUT_S, RUN_LIMIT))
            return read_states(run, done, host=self.name)

        return await self._patiently(once)

    async def cancel(self, task: TaskId) -> TaskState:
        script = task_script("cancel", task.run, task)

        async def once() -> TaskState:
            done = _completed(await self._run(script, CANCEL_TIMEOUT_S, RUN_LIMIT))
            return read_state(task, done, host=self.name)

        return await self._patiently(once)

    async def read(self, path: str, *, limit: int = 1 << 20) -> bytes:
        env = {"HAUI_PATH": path, "HAUI_LIMIT": str(limit)}
        script = Script(name=READ_SCRIPT, text=agent.load("read.sh"), env=env)
        answer = await self._run(script, 60, limit + 1)
        if answer.status == 0 and len(answer.stdout) <= limit:
            return answer.stdout
        if answer.status == READ_ABSENT:
            raise StepError(f"there is no file {path}", host=self.name)
        if answer.status in (0, READ_TOO_LARGE):
            raise StepError(f"{path} is larger than {limit} bytes", host=self.name)
        raise StepError(
            f"{path} can't be read", why=_completed(answer).stderr.strip(), host=self.name
        )

    async def close(self) -> None:
        async with self._lock:
            if self._link is not None:
                await self._link.close()
                self._link = None

    async def _ready(self) -> Link:
        """The connection, dialled when there is none. Retried only where sshd was too busy."""
        async with self._lock:
            if self._link is None or not self._link.alive:
                self._link = await self._dial_when_busy()
            await self._executing.prepare(self._link)
            return self._link

    async def _dial_when_busy(self) -> Link:
        patience = self._patience()
        for _ in range(_BUSY_TRIES - 1):
            try:
                return await self._dial(self._target)
            except BusyError:
                if not await patience.pause():
                    raise
        return await self._dial(self._target)

    async def _run(self, script: Script, timeout_s: float, limit: int) -> Answer:
        link = await self._ready()
        return await self._executing.collect(link, script, timeout_s=timeout_s, limit=limit)

    async def _follow(self, following: _Following, patience: Patience) -> TaskState:
        task = following.task
        mark = secrets.token_hex(16)
        finder = MarkFinder(mark)
        env = {"HAUI_OFFSET": str(following.position), "HAUI_MARK": mark}
        script = task_script("follow", task.run, task, env=env)

        async def take(data: bytes) -> None:
            patience.progress()
            await following.take(finder.feed(data))
            await asyncio.sleep(0)  # buffered output must not keep others from running

        link = await self._ready()
        answer = await self._executing.stream(
            link, script, timeout_s=FOLLOW_TIMEOUT_S, on_stdout=take
        )
        state = finder.state(task, host=self.name)
        if answer.status != 0 or state is None:
            raise agent_failure(_completed(answer), self.name)
        return state

    def _patience(self) -> Patience:
        return Patience(self._patience_s, self._clock, self._rng)

    async def _patiently(
        self, operation: Callable[[], Awaitable[T]], patience: Patience | None = None
    ) -> T:
        """Do it again after each loss of the connection, as long as the patience lasts."""
        patience = patience or self._patience()
        lost = False
        while True:
            try:
                if lost:
                    link = await self._ready()
                    self._tell("connected", link.fingerprint)
                    lost = False
                return await operation()
            except (ConnectionLostError, TransientError) as error:
                if not lost:
                    self._tell("lost", error.why or error.what)
                    lost = True
                if not await patience.pause():
                    raise

    def _tell(self, kind: Literal["connected", "lost"], text: str) -> None:
        if self._on_connection is not None:
            self._on_connection(kind, self.name, text)


class _Following:
    """One task's output on its way to the reader; `position` counts bytes taken."""

    def __init__(
        self, host: str, task: TaskId, position: int, reader: LineReader, on_lines: LineSink
    ) -> None:
        self.task = task
        self._host = host
        self.position = position
        self._shown = 0
        self._reader = reader
        self._on_lines = on_lines

    async def take(self, data: bytes) -> None:
        self.position += len(data)
        self._shown += len(data)
        if self._shown > FLOOD_LIMIT:
            raise ConnectError(
                f"the host sends more than {FLOOD_LIMIT >> 20} MiB of output of one step",
                why="haui keeps less than that on a host: what comes is not what the step printed",
                fix="it is not listened to any more: look at the host, then run haui resume",
                host=self._host,
            )
        if self._shown > OUTPUT_LIMIT:
            if self._shown - len(data) <= OUTPUT_LIMIT:
                await self._pass_on(self._reader.end())
                mib, where = OUTPUT_LIMIT >> 20, f"{self.task.step}.{self.task.attempt}"
                notice = f"… more than {mib} MiB of output; the rest is in {where}/out on the host"
                await self._on_lines((notice,))
            return
        await self._pass_on(self._reader.feed(data))

    async def end(self) -> None:
        await self._pass_on(self._reader.end())

    async def _pass_on(self, lines: tuple[str, ...]) -> None:
        if lines:
            await self._on_lines(lines)


def _completed(answer: Answer) -> Completed:
    return Completed(
        status=answer.status,
        stdout=clean_text(answer.stdout.decode(errors="backslashreplace")),
        stderr=clean_text(answer.stderr.decode(errors="backslashreplace")),
        asked=answer.asked,
        answered=answer.answered,
        noise=answer.noise,
    )

"""Test doubles of machines and time: strict, deterministic, and fast.

A `Machine` is what survives a killed haui: which steps are true on it, and the tasks that run on
it. A `ScriptedHost` is one connection of one haui to a machine. Time is virtual: the event loop
jumps to the next moment at which something happens.
"""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from haui.errors import ConnectError, ConnectionLostError, StepError
from haui.host import (
    Completed,
    File,
    LineSink,
    Script,
    TaskId,
    TaskRequest,
    TaskState,
)

T = TypeVar("T")


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits: moves the loop's time on instead."""

    def __init__(self, now: float) -> None:
        super().__init__()
        self.now = now

    def select(self, timeout: float | None = None) -> Any:
        if timeout is None:
            # Nothing is due: then only another thread can bring the loop on.
            ready = super().select(0)
            if not ready:
                raise AssertionError("deadlock: everything waits and nothing is due")
            return ready
        self.now += timeout
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time is virtual. A deadlock is an AssertionError, not a hang."""

    def __init__(self, now: float = 0) -> None:
        self._jumping = _JumpingSelector(now)
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """How one attempt of a step goes. `applies`: whether the step is true on the machine after it.

    `ends` "never-begun" stands for a claimed attempt that never ran.
    """

    rc: int = 0
    seconds: float = 10.0
    lines: tuple[str, ...] = ("working",)
    applies: bool | None = None
    ends: str = "done"

    @property
    def makes_true(self) -> bool:
        good = self.ends == "done" and self.rc == 0
        return good if self.applies is None else self.applies


SAME_MOMENT_S = 1e-4


@dataclass
class Running:
    """An attempt that was begun on a machine; perhaps it has ended since."""

    id: TaskId
    attempt: Attempt
    began: float
    files: tuple[File, ...] = ()
    cancelled_at: float | None = None
    effective: bool = False
    followers: list[asyncio.Future[None]] = field(default_factory=list)

    @property
    def ends_at(self) -> float:
        regular = self.began + self.attempt.seconds
        return regular if self.cancelled_at is None else min(regular, self.cancelled_at)

    def over(self, now: float) -> bool:
        """Whether it has ended. Moments are sums of tenths, whatever floats make of them."""
        return now >= self.ends_at - SAME_MOMENT_S


@dataclass
class Machine:
    """One machine. `true` holds the steps whose probe is satisfied."""

    name: str
    fleet: ScriptedFleet
    true: set[str] = field(default_factory=set)
    attempts: dict[str, list[Attempt]] = field(default_factory=dict)
    """How the next attempts of a step go; the usual Attempt when the list is used up."""
    usual: Attempt = Attempt()
    probes: dict[str, list[Completed | Exception]] = field(default_factory=dict)
    """Answers to scripts by name, used up before the regular answer."""
    readings: dict[str, str] = field(default_factory=dict)
    """What a step that judges reads on this machine, each time."""
    latency: float | None = None
    """How long requests are under way, in seconds; None: as long as in the whole fleet."""
    connect_seconds: float = 0
    connect_error: ConnectError | None = None
    connect_errors: list[ConnectError | None] = field(default_factory=list)
    """How the next connects go, used up before `connect_error` counts."""
    errors: dict[str, list[Exception]] = field(default_factory=dict)
    """Errors of the next start or follow calls, by "start:<step>" or "follow:<step>"."""
    tasks: dict[TaskId, Running] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    bodies: list[str] = field(default_factory=list)
    """The steps whose bodies were run, in order."""

    def settle(self, now: float) -> None:
        """Let what should have happened until now have happened."""
        for running in self.tasks.values():
            if not running.effective and running.over(now):
                running.effective = True
                if running.attempt.makes_true and running.cancelled_at is None:
                    self.true.add(running.id.step)

    def state(self, task: TaskId, now: float) -> TaskState:
        self.settle(now)
        running = self.tasks.get(task)
        if running is None:
            return TaskState(id=task, status="absent")
        size = sum(len(line) + 1 for line in running.attempt.lines)
        if not running.over(now):
            return TaskState(id=task, status="running", output_bytes=size)
        if running.cancelled_at is not None:
            return TaskState(id=task, status="done", rc=143, output_bytes=size)
        if running.attempt.ends == "never-begun":
            return TaskState(id=task, status="absent")
        if running.attempt.ends != "done":
            status: Any = running.attempt.ends
            return TaskState(id=task, status=status, output_bytes=size)
        return TaskState(id=task, status="done", rc=running.attempt.rc, output_bytes=size)

    def begin(self, request: TaskRequest, now: float) -> None:
        self.settle(now)
        step = request.id.step
        for other in self.tasks.values():
            if not other.over(now):
                raise AssertionError(f"{self.name}: {step} begins while {other.id} runs")
        self.bodies.append(step)
        self.tasks[request.id] = Running(request.id, self.take(step), now, request.files)
        self.fleet.note_width(step, now)

    def planned(self, step: str) -> Attempt:
        """How the next attempt of that step goes."""
        planned = self.attempts.get(step)
        return planned[0] if planned else self.usual

    def take(self, step: str) -> Attempt:
        """As `planned`, and it is used up."""
        attempt = self.planned(step)
        if self.attempts.get(step):
            self.attempts[step].pop(0)
        return attempt


class ScriptedFleet:
    """All machines of a test, and everything that was asked of them."""

    def __init__(self, names: Sequence[str]) -> None:
        self.machines = {name: Machine(name, self) for name in names}
        self.calls: list[tuple[str, str, str]] = []
        """Host, kind (connect, run, start, follow, cancel, read), and script name or step."""
        self.scripts: list[Script] = []
        self.width: dict[str, int] = {}
        """For each step the largest number of hosts that ran its body at once."""
        self.latency = 0.1
        self.now = 0.0
        self.remote_answers: dict[str, Callable[[Script], Completed]] = {}
        """How gates, supplies and revokes are answered, by script name."""
        self.lent: set[tuple[str, str]] = set()
        """What was supplied and not taken back, by step and host; kept by `remote_answers`."""
        self.under_way: list[tuple[Machine, TaskRequest]] = []
        """The starts that were sent and have not arrived."""
        self.asking: list[Script] = []
        """The same of other scripts."""

    def play(self, main: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in virtual time, which goes on where the last one ended."""
        with asyncio.Runner(loop_factory=lambda: VirtualLoop(self.now)) as runner:
            loop = runner.get_loop()
            try:
                return runner.run(main)
            finally:
                self.now = loop.time()

    def __getitem__(self, name: str) -> Machine:
        return self.machines[name]

    def note_width(self, step: str, now: float) -> None:
        at_once = sum(
            1
            for machine in self.machines.values()
            for running in machine.tasks.values()
            if running.id.step == step and not running.over(now)
        )
        self.width[step] = max(self.width.get(step, 0), at_once)

    def hosts(self) -> Callable[[str], ScriptedHost]:
        """The connections of one haui process."""
        made: dict[str, ScriptedHost] = {}

        def host(name: str) -> ScriptedHost:
            if name not in made:
                made[name] = ScriptedHost(self.machines[name])
            return made[name]

        return host

    def of(self, kind: str, what: str) -> list[str]:
        """The hosts on which that call was made, in order."""
        return [host for host, made, name in self.calls if (made, name) == (kind, what)]


class ScriptedHost:
    """One connection to a machine; implements `haui.host.Host`."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.connected = False

    @property
    def name(self) -> str:
        return self.machine.name

    async def connect(self) -> str:
        self._note("connect", "")
        await self._travel()
        await asyncio.sleep(self.machine.connect_seconds)
        planned = self.machine.connect_errors
        error = planned.pop(0) if planned else self.machine.connect_error
        if error is not None:
            raise error
        self.connected = True
        return f"SHA256:{self.name}"

    async def run(self, script: Script, *, timeout_s: float = 60) -> Completed:
        self._check(timeout_s > 0)
        self._note("run", script.name)
        self.machine.fleet.scripts.append(script)
        self.machine.fleet.asking.append(script)
        try:
            await self._travel()
        finally:
            self.machine.fleet.asking.remove(script)
        planned = self.machine.probes.get(script.name)
        if planned:
            said = planned.pop(0)
            if isinstance(said, Exception):
                raise said
            return said
        step, _, part = script.name.rpartition(".")
        if part == "probe" and step in self.machine.readings:
            return answer(self.machine.readings[step])
        if part == "probe":
            self.machine.settle(self._now())
            return ok() if step in self.machine.true else differs()
        if script.name not in self.machine.fleet.remote_answers:
            raise AssertionError(f"{self.name} was not told how to answer {script.name}")
        return self.machine.fleet.remote_answers[script.name](script)

    async def start(self, request: TaskRequest) -> TaskState:
        self._check(request.id.attempt > 0)
        self._note("start", request.id.step)
        self.machine.fleet.scripts.append(request.script)
        sent = (self.machine, request)
        self.machine.fleet.under_way.append(sent)
        try:
            await self._travel()
        finally:
            self.machine.fleet.under_way.remove(sent)
        self._raise_planned("start", request.id)
        if request.id not in self.machine.tasks:
            self.machine.begin(request, self._now())
        return self.machine.state(request.id, self._now())

    async def follow(self, task: TaskId, *, offset: int = 0, on_lines: LineSink) -> TaskState:
        self._check(offset == 0)
        self._note("follow", task.step)
        await self._travel()
        self._raise_planned("follow", task)
        running = self.machine.tasks.get(task)
        if running is None:
            return TaskState(id=task, status="absent")
        if running.attempt.lines:
            await on_lines(running.attempt.lines)
        stopped = asyncio.get_running_loop().create_future()
        running.followers.append(stopped)
        await asyncio.wait([stopped], timeout=max(running.ends_at - self._now(), 0) + 1e-6)
        return self.machine.state(task, self._now())

    async def tasks(self, run: str) -> tuple[TaskState, ...]:
        self._check(True)
        self._note("tasks", run)
        await self._travel()
        return tuple(
            self.machine.state(task, self._now()) for task in self.machine.tasks if task.run == run
        )

    async def cancel(self, task: TaskId) -> TaskState:
        self._check(True)
        self._note("cancel", task.step)
        await self._travel()
        self._raise_planned("cancel", task)
        running = self.machine.tasks.get(task)
        if running is not None and not running.over(self._now()):
            running.cancelled_at = self._now()
            for follower in running.followers:
                follower.cancel()
            running.followers.clear()
        return self.machine.state(task, self._now())

    async def read(self, path: str, *, limit: int = 1 << 20) -> bytes:
        self._check(limit > 0)
        self._note("read", path)
        await self._travel()
        if path not in self.machine.files:
            raise StepError(f"{path} does not exist", host=self.name)
        return self.machine.files[path]

    async def close(self) -> None:
        self.connected = False

    def _note(self, kind: str, what: str) -> None:
        self.machine.fleet.calls.append((self.name, kind, what))

    def _check(self, sane: bool) -> None:
        if not self.connected:
            raise AssertionError(f"{self.name} was used before it was connected")
        if not sane:
            raise AssertionError(f"{self.name} was called with an impossible argument")

    def _raise_planned(self, kind: str, task: TaskId) -> None:
        planned = self.machine.errors.get(f"{kind}:{task.step}")
        if planned:
            raise planned.pop(0)

    async def _travel(self) -> None:
        own = self.machine.latency
        await asyncio.sleep(self.machine.fleet.latency if own is None else own)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def ok(what: str = "it") -> Completed:
    return answer(f"ok\t{what}\tas asked\tas asked\n")


def differs(what: str = "it", seen: str = "something else") -> Completed:
    return answer(f"differs\t{what}\tas asked\t{seen}\n")


def blocked(what: str = "it", fix: str = "do it by hand") -> Completed:
    return answer(f"blocked\t{what}\t{fix}\tbroken\n")


def answer(stdout: str = "", *, status: int = 0, stderr: str = "") -> Completed:
    return Completed(status=status, stdout=stdout, stderr=stderr)


def lost(host: str) -> ConnectionLostError:
    return ConnectionLostError("the connection was lost", host=host)

"""Runs a plan: hosts in parallel, each host one step after the other, everything as events.

The executor knows no step and no screen. What it may rely on comes in as arguments, and everything
that it finds out leaves as events, so that a journal, a screen and a printer can follow the same
run. A run that is cut off at any point is continued by running the same plan with the same run id.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

from haui.errors import HauiError, JournalError
from haui.events import RunFinished, TaskFinished, TaskWaiting
from haui.evidence import Evidence
from haui.execution.asking import Asking
from haui.execution.clock import Clock, LoopClock
from haui.execution.compose import Composer, Library
from haui.execution.connections import Bus, Connections
from haui.execution.controls import Controls
from haui.execution.decisions import Decide
from haui.execution.dependencies import Dependencies
from haui.execution.engine import Engine
from haui.execution.fallout import Fallout
from haui.execution.judge import problem_of
from haui.execution.lanes import Lanes
from haui.execution.localcheck import LocalCheck, LocalChecks
from haui.execution.tally import FailedTask, RunOutcome, RunResult, Tally
from haui.execution.taskrun import TaskRun
from haui.host import Host
from haui.step import LANES, Plan, Task, Values

__all__ = ["FailedTask", "LocalCheck", "RunOutcome", "RunResult", "run"]


async def run(
    plan: Plan,
    *,
    run_id: str,
    hosts: Callable[[str], Host],
    bus: Bus,
    load_script: Callable[[str], str],
    store: Callable[[str, bytes], object],
    secrets: Values | None = None,
    controls: Controls | None = None,
    clock: Clock | None = None,
    library: Library | None = None,
    settled: Collection[str] = (),
    local_checks: Sequence[LocalCheck] = (),
    decide: Decide | None = None,
    evidence: Evidence | None = None,
    operator: str = "",
    new: bool = False,
) -> RunResult:
    """Run `plan` to its end; the last event is RunFinished (RunStarted is the caller's).

    `hosts` gives the same Host for the same name each time. `load_script` gives the text of a
    script by its name. `store` keeps an artefact on this machine. `secrets` are merged into the
    values of every step and never leave in an event. `settled` holds the ids of the tasks whose
    TaskFinished is already in the journal as ok or unchanged; of these, steps that only measure
    are not repeated while nothing changes. `decide` is asked about each task that failed, while
    other hosts go on; without it everything that needs the task is skipped at once. `evidence` is
    filled with what the steps read. `operator` is who answers for findings that are let pass.
    `new`: no host can know of this run yet, so none is asked.

    What goes wrong on hosts is in the result. Raises JournalError when an event could not be
    written: nothing new is begun then, and what runs on hosts goes on. The same holds for
    cancellation from outside.
    """
    clock = clock or LoopClock()
    engine = Engine(
        run_id=run_id,
        spec=plan.spec,
        connections=Connections(hosts, bus, clock, run_id, new=new),
        bus=bus,
        composer=Composer(load_script, library or Library.load()),
        lanes=Lanes(LANES),
        controls=controls or Controls(),
        clock=clock,
        secrets=dict(secrets or {}),
        store=store,
        evidence=evidence if evidence is not None else Evidence(),
        operator=operator,
    )
    try:
        asking = Asking(plan, decide, engine.controls, engine.left_out)
        return await _Executor(plan, engine, frozenset(settled), local_checks, asking).run()
    except BaseExceptionGroup as group:
        raise _first_cause(group) from None


class _Executor:
    """One run: what is connected, what lives, how each task ended."""

    def __init__(
        self,
        plan: Plan,
        engine: Engine,
        settled: frozenset[str],
        local_checks: Sequence[LocalCheck],
        asking: Asking,
    ) -> None:
        self._plan = plan
        self._engine = engine
        self._asking = asking
        self._settled = settled
        self._tasks = Dependencies(plan, self._begin)
        self._tally = Tally()
        self._fallout = Fallout(engine, self._tasks, self._tally)
        self._local = LocalChecks(local_checks, engine.bus, engine.clock, self._tally)
        self._unasked = len(self._tasks.by_host)
        self._fresh = True
        self._connecting: dict[str, asyncio.Task[None]] = {}
        self._lives: dict[TaskRun, asyncio.Task[None]] = {}
        self._group = asyncio.TaskGroup()

    async def run(self) -> RunResult:
        engine = self._engine
        began = engine.clock.monotonic()
        engine.controls.watch(self._stop)
        if failed := await self._local.make(first=True):
            await self._fallout.here(failed[0])
        async with self._group:
            for first in self._tasks.firsts:
                self._group.create_task(self._connect(first))
        if not self._tally.failed and not engine.controls.stopping:
            await self._local.make(first=False)
        result = self._tally.result(
            stopping=engine.controls.stopping,
            left=len(self._plan.tasks) - len(self._tasks.over),
            seconds=engine.clock.monotonic() - began,
        )
        await engine.bus.emit(
            RunFinished(outcome=result.outcome, seconds=result.seconds, counts=result.counts)
        )
        return result

    async def _connect(self, first: Task) -> None:
        """Open one host; its first task may begin then, or fails for all of them."""
        try:
            error = await self._open(first.host.name)
            self._unasked -= 1
            if not self._unasked:
                self._engine.lanes.ready.set()
            while error is not None:
                finished = await self._not_reached(first, error)
                if not await self._again(first, finished, unreachable=True):
                    return
                await self._engine.bus.emit(
                    TaskWaiting(host=first.host.name, step=first.step.id, reason="dials again")
                )
                error = await self._open(first.host.name)
        except asyncio.CancelledError:
            if not self._engine.controls.stopping:
                raise
            return
        self._tasks.met(first)

    async def _open(self, name: str) -> HauiError | None:
        """Dial a host and learn what it knows; the error when that fails."""
        current = asyncio.current_task()
        assert current is not None
        self._connecting[name] = current
        try:
            await self._reopen(name)
        except JournalError:
            raise
        except HauiError as error:
            return error
        finally:
            del self._connecting[name]
        return None

    async def _reopen(self, name: str) -> None:
        """As `Connections.reopen`, and reserve the lanes of what is still running there."""
        await self._engine.connections.reopen(name)
        self._take_account(name)

    def _take_account(self, name: str) -> None:
        """Of what an earlier run left on this host."""
        attempts = self._engine.connections.attempts(name)
        if attempts:
            self._fresh = False
        for task in self._tasks.by_host[name]:
            state = attempts.get(task.step.id)
            running = state is not None and state.status == "running"
            if running and task.step.lane is not None and task.id not in self._tasks.over:
                self._engine.lanes.reserve(task.step.lane, task.id)

    async def _not_reached(self, first: Task, error: HauiError) -> TaskFinished:
        finished = TaskFinished(
            host=first.host.name,
            step=first.step.id,
            outcome="failed",
            seconds=0.0,
            problem=problem_of(error),
        )
        emitted = await self._engine.bus.emit(finished)
        return emitted if isinstance(emitted, TaskFinished) else finished

    def _begin(self, task: Task) -> None:
        self._group.create_task(self._live(task))

    async def _live(self, task: Task) -> None:
        if not await self._engine.controls.proceed():
            return
        # A measurement is only as good as what it measured: any change asks for a new one.
        stale = task.step.always and self._tally.changed > 0
        life = TaskRun(self._engine, task, settled=task.id in self._settled and not stale)
        finished = await self._turn(life)
        while finished.outcome == "failed":
            again = self._again(task, finished, unreachable=life.unreachable, silent=life.silent)
            if not await again:
                return
            await self._read_again(task)
            life = TaskRun(self._engine, task, reopen=self._reopen)
            finished = await self._turn(life)
        self._engine.lanes.release(task.step.lane, task.id)
        changed = finished.outcome == "ok" and not task.step.always
        self._tasks.over.add(task.id)
        self._tally.ended(finished.outcome, changed=changed)
        if finished.outcome != "cancelled":
            self._tasks.fulfil(task)

    async def _read_again(self, task: Task) -> None:
        """What a task that is tried again has judged is read again on its host, first."""
        if task.step.judge is None:
            return
        for read in self._tasks.by_host[task.host.name]:
            if read.step.id in task.step.after and read.step.judge is not None:
                await self._turn(TaskRun(self._engine, read, reopen=self._reopen))

    async def _turn(self, life: TaskRun) -> TaskFinished:
        """Run a task, open to a stop."""
        current = asyncio.current_task()
        assert current is not None
        self._lives[life] = current
        try:
            return await life.run()
        finally:
            del self._lives[life]

    async def _again(
        self, task: Task, finished: TaskFinished, *, unreachable: bool, silent: bool = False
    ) -> bool:
        """Whether a failed task is to run again; when not, the others have been told."""
        if unreachable and self._asking.possible:
            await self._let_pass(task)
        decision = await self._asking.decision(task, finished, begun=not self._fresh)
        if decision == "retry" and await self._engine.controls.proceed():
            return True
        self._engine.lanes.release(task.step.lane, task.id)
        if decision == "skip":
            await self._fallout.left_out(task, finished)
        else:
            await self._failure(task, finished, unreachable=unreachable, silent=silent)
        return False

    async def _let_pass(self, task: Task) -> None:
        """Let an install that has already begun go on while somebody decides about a lost host."""
        await self._engine.lanes.ready.wait()
        if not self._fresh:
            self._tasks.let_pass(task.host.name)

    async def _failure(
        self, task: Task, finished: TaskFinished, *, unreachable: bool, silent: bool
    ) -> None:
        """Record a failure and skip everything that needs the task, directly or not."""
        self._fallout.failed(task, finished, unreachable=unreachable)
        if unreachable:
            await self._engine.lanes.ready.wait()  # only then it's known what was done before
        lenient = unreachable and not self._fresh
        silent = silent or unreachable or not finished.findings
        await self._fallout.cut(task, finished, lenient=lenient, silent=silent)

    def _stop(self) -> None:
        """End what may be ended: all at stop-now, else what has not begun to change a host."""
        self._asking.stop()
        for connecting in self._connecting.values():
            connecting.cancel()
        now = self._engine.controls.stopping_now
        for life, running in self._lives.items():
            if not life.ending and (now or not life.changing):
                running.cancel()


def _first_cause(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one exception to raise for all: the journal's before any other."""
    leaves = list(_leaves(group.exceptions))
    return next((leaf for leaf in leaves if isinstance(leaf, JournalError)), leaves[0])


def _leaves(exceptions: Iterable[BaseException]) -> Iterator[BaseException]:
    for exception in exceptions:
        if isinstance(exception, BaseExceptionGroup):
            yield from _leaves(exception.exceptions)
        else:
            yield exception

"""The life of one task: look, wait, change, prove; or find it running and wait for it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from haui.clock import Clock
from haui.compose import Composer
from haui.connections import Bus, Connections
from haui.controls import Controls
from haui.errands import Errands
from haui.errors import ConnectError, HauiError, JournalError, StepError
from haui.events import (
    Finding,
    Outcome,
    PreflightResult,
    Problem,
    TaskFinished,
    TaskIntent,
    TaskOutput,
    TaskStarted,
    TaskWaiting,
)
from haui.host import TaskId, TaskRequest, TaskState
from haui.judge import (
    blocked,
    findings_of,
    line_of,
    problem_of,
    said_nothing,
    satisfied,
    unsatisfied,
)
from haui.lanes import Lanes
from haui.mask import Masker
from haui.spec import ClusterSpec
from haui.step import Task, Values, Work, parse_findings
from haui.transient import BACKOFF_S, decisive, transient

PROBE_TIMEOUT_S = 120
PROOF_PAUSES_S = (1.0, 3.0)
"""A service may need a moment after its change; the proof is asked for again after these pauses."""
RETRIES = 2
KEPT_LINES = 2000
LAST_WORDS = 40
"""How many lines at the end of an output can tell that a failure was transient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What all tasks of a run share. `store` keeps an artefact (name, content) on this machine."""

    run_id: str
    spec: ClusterSpec
    connections: Connections
    bus: Bus
    composer: Composer
    lanes: Lanes
    controls: Controls
    clock: Clock
    secrets: Values
    store: Callable[[str, bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a task ended, before it is an event."""

    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    problem: Problem | None = None
    unreachable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Again:
    """An attempt came to nothing, and another one may help."""

    reason: str
    pause_s: float = 0
    findings: tuple[Finding, ...] = field(default=())


class TaskRun:
    """Runs one task. `run` never raises for what goes wrong on a host; that is its result."""

    def __init__(self, engine: Engine, task: Task, *, settled: bool = False) -> None:
        self.task = task
        self.unreachable = False
        self.changing = False
        """Whether a stop has to wait for this task: an attempt was begun on the host."""
        self.ending = False
        self._engine = engine
        self._step = task.step
        self._host = engine.connections.host(task.host.name)
        self._errands = Errands(
            task, engine.spec, engine.connections, engine.composer, engine.clock
        )
        self._mask = Masker(engine.secrets.values())
        self._values: Values = engine.secrets
        self._work = Work()
        self._known = engine.connections.attempts(task.host.name).get(task.step.id)
        self._attempt = self._known.id.attempt if self._known else 0
        self._minted = self._known is not None and not settled
        self._in_flight: TaskId | None = None
        self._output: deque[str] = deque(maxlen=KEPT_LINES)

    async def run(self) -> TaskFinished:
        """Run to the end and emit the result.

        Raises JournalError; CancelledError when cancelled for another reason than a stop, and then
        nothing on the host is touched.
        """
        began = self._engine.clock.monotonic()
        try:
            await self._emit_started()
            result = await self._life()
        except JournalError:
            raise
        except HauiError as error:
            result = _failure(error)
        except asyncio.CancelledError:
            if not self._engine.controls.stopping:
                raise
            self.ending = True
            if (current := asyncio.current_task()) is not None:
                current.uncancel()
            result = await self._give_up()
        self.ending = True
        self.unreachable = result.unreachable
        return await self._finish(result, began)

    async def _finish(self, result: Result, began: float) -> TaskFinished:
        notes = await self._take_back()
        finished = TaskFinished(
            host=self.task.host.name,
            step=self._step.id,
            outcome=result.outcome,
            seconds=round(self._engine.clock.monotonic() - began, 3),
            attempt=self._attempt,
            findings=self._mask.findings((*result.findings, *notes)),
            problem=self._mask.problem(result.problem),
        )
        await self._engine.bus.emit(finished)
        return finished

    async def _life(self) -> Result:
        step = self._step
        if step.supply is not None and step.supply_for == "probe":
            self._values = {**self._values, **await self._errands.supply(step.supply)}
        self._work = step.work(self._engine.spec, self.task.host, self._values)
        if self._known is not None and self._known.status == "running":
            return await self._kept(await self._change(self._known))
        if step.always:
            return await self._kept(await self._change(None))
        findings = await self._probe()
        await self._tell_preflight(findings)
        if satisfied(findings):
            return await self._kept(Result(outcome="unchanged", findings=findings))
        if problem := blocked(findings):
            return Result(outcome="failed", findings=findings, problem=problem)
        if self._work.apply is None and not self._work.files:
            return await self._kept(await self._read_only(findings))
        return await self._kept(await self._change(None))

    async def _read_only(self, findings: tuple[Finding, ...]) -> Result:
        """A step that changes nothing: its probe is the result, after its gate has opened."""
        if self._step.gate is not None:
            await self._errands.gate(self._step.gate, self._waiting)
            findings = await self._probe()
            if satisfied(findings):
                return Result(outcome="unchanged", findings=findings)
        count = sum(found.verdict == "differs" for found in findings)
        what = f"{self._step.title}: {count} finding{'s' if count > 1 else ''}"
        fix = "Correct it on the host, then run haui again."
        problem = blocked(findings) or unsatisfied(what, findings, fix)
        return Result(outcome="failed", findings=findings, problem=problem)

    async def _change(self, running: TaskState | None) -> Result:
        """Attempts, at most three, until one is proved or has failed for good."""
        async with self._engine.lanes.hold(self._step.lane, self.task.id, self._waiting):
            for retry in range(RETRIES + 1):
                state = await (self._attempt_once() if running is None else self._rejoin(running))
                running = None
                self._in_flight = None
                result = await self._judge(state, retry)
                if isinstance(result, Result):
                    return result
                self.changing = False
                if self._engine.controls.stopping:
                    raise asyncio.CancelledError
                await self._waiting(f"tries again: {result.reason}")
                if result.pause_s:
                    await self._engine.clock.sleep(result.pause_s)
            raise AssertionError("the last attempt always has a result")

    async def _attempt_once(self) -> TaskState:
        """One attempt: gate, supply, the intent on disk, then the change, to its end."""
        step = self._step
        if step.gate is not None:
            await self._errands.gate(step.gate, self._waiting)
        work = self._work
        if step.supply is not None and step.supply_for == "apply":
            self._minted = True
            supplied = await self._errands.supply(step.supply)
            self._mask = self._mask.with_supplied(supplied.values())
            values = {**self._values, **supplied}
            work = step.work(self._engine.spec, self.task.host, values)
        if not await self._engine.controls.proceed():
            raise asyncio.CancelledError
        self.changing = True
        self._attempt += 1
        request = self._request(work)
        await self._emit_intent(reattached=False)
        self._in_flight = request.id
        await self._host.start(request)
        return await self._follow(request.id)

    async def _rejoin(self, running: TaskState) -> TaskState:
        """Wait for an attempt of an earlier run that is still going on."""
        self.changing = True
        self._in_flight = running.id
        await self._emit_intent(reattached=True)
        return await self._follow(running.id)

    async def _follow(self, attempt: TaskId) -> TaskState:
        self._output.clear()
        return await self._host.follow(attempt, offset=0, on_lines=self._lines)

    def _request(self, work: Work) -> TaskRequest:
        composer = self._engine.composer
        script = (
            composer.placing(self.task)
            if work.apply is None
            else composer.call(self.task, "apply", work.apply)
        )
        return TaskRequest(
            id=TaskId(run=self._engine.run_id, step=self._step.id, attempt=self._attempt),
            script=script,
            files=work.files,
            timeout_s=self._step.timeout_s,
        )

    async def _judge(self, state: TaskState, retry: int) -> Result | _Again:
        """What an ended attempt means. Only the exit status and the probe count."""
        if state.status == "done" and state.rc == 0:
            return await self._proved()
        if state.status == "done":
            reason = transient(list(self._output)[-LAST_WORDS:])
            if reason is not None and retry < RETRIES:
                return _Again(reason=reason, pause_s=BACKOFF_S[retry])
            return self._failed(state)
        findings = () if self._step.always else await self._probe()
        if findings and satisfied(findings):
            return Result(outcome="ok", findings=findings)
        ended = "the host was restarted" if state.status == "rebooted" else "the attempt vanished"
        if retry < RETRIES:
            return _Again(reason=f"{ended} before it was done", findings=findings)
        problem = unsatisfied(
            f"“{self._step.title}” was begun {RETRIES + 1} times and never ended: {ended}",
            findings,
            f"Look why on {self.task.host.name}, then run haui resume.",
        )
        return Result(outcome="failed", findings=findings, problem=problem)

    async def _proved(self) -> Result:
        """The result of an attempt that ended well: what the probe says now."""
        if self._step.always:
            findings = parse_findings("\n".join(self._output)) or said_nothing()
        else:
            findings = await self._probe()
            for pause in PROOF_PAUSES_S:
                if satisfied(findings) or blocked(findings):
                    break
                await self._engine.clock.sleep(pause)
                findings = await self._probe()
        if satisfied(findings):
            return Result(outcome="ok", findings=findings)
        what = f"“{self._step.title}” ran, but the host is not as it must be"
        fix = f"Look at the full output in the log of {self.task.host.name}, then run haui resume."
        problem = blocked(findings) or unsatisfied(what, findings, fix)
        return Result(outcome="failed", findings=findings, problem=problem)

    def _failed(self, state: TaskState) -> Result:
        findings = parse_findings("\n".join(self._output)) if self._step.always else ()
        why = decisive(self._output)
        if findings:
            why = "\n".join(line_of(found) for found in findings if found.verdict != "ok") or why
        problem = Problem(
            what=f"“{self._step.title}” failed (exit status {state.rc})",
            why=why,
            fix=f"Fix the cause on {self.task.host.name} (its log has the full output), "
            "then run haui resume.",
        )
        return Result(outcome="failed", findings=findings, problem=problem)

    async def _probe(self) -> tuple[Finding, ...]:
        if self._work.probe is None and not self._work.files:
            return said_nothing()
        script = self._engine.composer.probe(self.task, self._work.probe, self._work.files)
        answer = await self._engine.connections.ask(
            self.task.host.name, script, timeout_s=PROBE_TIMEOUT_S
        )
        return findings_of(answer)

    async def _kept(self, result: Result) -> Result:
        """Fetch the artefacts of a step that succeeded."""
        if result.outcome not in ("ok", "unchanged"):
            return result
        for name, path in self._step.fetch.items():
            content = await self._engine.connections.read(self.task.host.name, path)
            self._engine.store(name, content)
        return result

    async def _give_up(self) -> Result:
        """End for the admin's stop; an attempt in flight is cancelled on its host."""
        problem = Problem(
            what=f"“{self._step.title}” was stopped", fix="haui resume continues the install."
        )
        if self._in_flight is not None:
            try:
                await self._host.cancel(self._in_flight)
                self._in_flight = None
            except ConnectError as error:
                problem = Problem(
                    what=f"“{self._step.title}” could not be stopped and may still be running",
                    why=error.render(),
                    fix="haui resume finds out and continues the install.",
                )
        return Result(outcome="cancelled", problem=problem)

    async def _take_back(self) -> tuple[Finding, ...]:
        """Revoke what supply gave, unless the host may still be using it."""
        if self._step.revoke is None or not self._minted or self._in_flight is not None:
            return ()
        revoking = asyncio.ensure_future(self._errands.revoke(self._step.revoke))
        try:
            await _to_the_end(revoking)
        except (StepError, ConnectError) as error:
            seen = f"{error.what}: {error.why}" if error.why else error.what
            return (Finding(verdict="info", what="could not take back what was lent", seen=seen),)
        return ()

    async def _lines(self, lines: tuple[str, ...]) -> None:
        self._output.extend(lines)
        await self._engine.bus.emit(
            TaskOutput(host=self.task.host.name, step=self._step.id, lines=self._mask.lines(lines))
        )

    async def _waiting(self, reason: str) -> None:
        await self._engine.bus.emit(
            TaskWaiting(
                host=self.task.host.name, step=self._step.id, reason=self._mask.text(reason)
            )
        )

    async def _tell_preflight(self, findings: tuple[Finding, ...]) -> None:
        if self._step.phase != "preflight":
            return
        for found in self._mask.findings(findings):
            await self._engine.bus.emit(
                PreflightResult(
                    host=self.task.host.name,
                    check=found.what,
                    verdict=found.verdict,
                    expected=found.expected,
                    seen=found.seen,
                )
            )

    async def _emit_started(self) -> None:
        await self._engine.bus.emit(
            TaskStarted(host=self.task.host.name, step=self._step.id, title=self._step.title)
        )

    async def _emit_intent(self, *, reattached: bool) -> None:
        await self._engine.bus.emit(
            TaskIntent(
                host=self.task.host.name,
                step=self._step.id,
                attempt=self._attempt,
                reattached=reattached,
            )
        )


def _failure(error: HauiError) -> Result:
    return Result(
        outcome="failed",
        problem=problem_of(error),
        unreachable=isinstance(error, ConnectError),
    )


async def _to_the_end(inner: Awaitable[None]) -> None:
    """Await something that a cancellation must not cut short; it is passed on afterwards."""
    future = asyncio.ensure_future(inner)
    try:
        await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.wait([future])
        raise

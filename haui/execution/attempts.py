"""The attempts to change a host for one task: begun, followed, judged, and begun again."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from haui.errors import NoAnswerError
from haui.events import Finding, Problem
from haui.execution.engine import Engine, Result
from haui.execution.errands import Errands
from haui.execution.judge import blocked, line_of, said_nothing, satisfied, unsatisfied
from haui.execution.remedy import remedy
from haui.execution.retrying import Retries
from haui.execution.transient import RETRIES, advice, decisive, transient
from haui.execution.voice import Voice
from haui.host import TaskId, TaskRequest, TaskState
from haui.spec import ClusterSpec
from haui.step import Task, Values, Work, parse_findings

PROOF_PAUSES_S = (1.0, 3.0)
"""A service may need a moment after its change; the proof is asked for again after these pauses."""
OVERTIME_S = 900.0
"""How much later than its time limit a task must have ended as seen from here: the host has two
minutes to end what is left of it (haui/agent/task.sh), the rest is for lost connections."""
KEPT_LINES = 2000
LAST_WORDS = 40
"""How many lines at the end of an output can tell that a failure was transient."""

Probe = Callable[[], Awaitable[tuple[Finding, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Again:
    """An attempt came to nothing, and another one may help."""

    reason: str
    pauses_s: tuple[float, ...] = ()
    lines: str = ""


class Attempts:
    """At most three attempts of one task, and whatever an earlier run of haui left of it."""

    def __init__(
        self, engine: Engine, task: Task, voice: Voice, errands: Errands, retries: Retries
    ) -> None:
        self.known = engine.connections.attempts(task.host.name).get(task.step.id)
        self.number = self.known.id.attempt if self.known else 0
        self.changing = False
        """Whether a stop has to wait for this task: an attempt was begun on the host."""
        self.in_flight: TaskId | None = None
        """The attempt that may be running on the host at this moment."""
        self.minted = False
        """Whether a supply script was asked for values."""
        self._engine = engine
        self._task = task
        self._step = task.step
        self._voice = voice
        self._errands = errands
        self._retries = retries
        self._host = engine.connections.host(task.host.name)
        self._output: deque[str] = deque(maxlen=KEPT_LINES)

    @property
    def running(self) -> bool:
        """Whether the host was found with an attempt that is still going on."""
        return self.known is not None and self.known.status == "running"

    async def change(self, work: Work, values: Values, probe: Probe) -> Result:
        """Change the host and prove it. Joins an attempt that is still running first."""
        async with self._engine.lanes.hold(
            self._step.lane,
            self._task.id,
            self._voice.waiting,
            unknown=lambda: self.in_flight is not None,
        ):
            rejoin = self.running
            while True:
                state = await (self._rejoin() if rejoin else self._once(work, values))
                rejoin = False
                self.in_flight = None
                result = await self._judge(state, probe)
                if isinstance(result, Result):
                    return result
                self.changing = False
                await self._retries.again(
                    result.reason, result.pauses_s, attempt=self.number, lines=result.lines
                )

    async def _once(self, work: Work, values: Values) -> TaskState:
        """One attempt: gate, supply, the intent on disk, then the change, to its end."""
        step = self._step
        if step.gate is not None:
            await self._errands.gate(step.gate, self._voice.waiting)
        if step.supply is not None and step.supply_for == "apply":
            self.minted = True
            supplied = await self._errands.supply(step.supply, self._retries)
            self._voice.learn(supplied, _names(self._engine.spec))
            spec = self._engine.spec_for(step)
            work = step.work(spec, self._task.host, {**values, **supplied})
        if not await self._engine.controls.proceed():
            raise asyncio.CancelledError
        self.changing = True
        self.number += 1
        request = self._request(work)
        await self._voice.intent(self.number)
        self.in_flight = request.id
        await self._host.start(request)
        return await self._follow(request.id)

    async def _rejoin(self) -> TaskState:
        """Wait for an attempt of an earlier run that is still going on."""
        assert self.known is not None
        self.changing = True
        self.in_flight = self.known.id
        await self._voice.intent(self.number, reattached=True)
        return await self._follow(self.known.id)

    async def _follow(self, attempt: TaskId) -> TaskState:
        """To the end, which the host brings about. One that never does is not waited for."""
        self._output.clear()
        limit = self._step.timeout_s + OVERTIME_S
        scope = asyncio.timeout(limit)
        try:
            async with scope:
                return await self._host.follow(attempt, offset=0, on_lines=self._lines)
        except TimeoutError:
            if not scope.expired():
                raise
            raise NoAnswerError(
                f"“{self._step.title}” does not come to an end on this host",
                why=f"it should have ended after {self._step.timeout_s} s; "
                f"{limit:g} s later the host still says that it runs",
                fix="look at the host (load, disks, clock), then run haui resume",
                host=self._task.host.name,
            ) from None

    async def _lines(self, lines: tuple[str, ...]) -> None:
        self._output.extend(lines)
        await self._voice.output(lines)

    def _request(self, work: Work) -> TaskRequest:
        composer = self._engine.composer
        script = (
            composer.placing(self._task)
            if work.apply is None
            else composer.call(self._task, "apply", work.apply)
        )
        return TaskRequest(
            id=TaskId(run=self._engine.run_id, step=self._step.id, attempt=self.number),
            script=script,
            files=work.files,
            timeout_s=self._step.timeout_s,
        )

    async def _judge(self, state: TaskState, probe: Probe) -> Result | _Again:
        """What an ended attempt means. Only the exit status and the probe count."""
        if state.status == "done" and state.rc == 0:
            return await self._proved(probe)
        if state.status == "done":
            passing = transient(list(self._output)[-LAST_WORDS:])
            if passing is not None and self._retries.left:
                said = decisive(list(self._output)[-LAST_WORDS:], 4)
                return _Again(reason=passing.reason, pauses_s=passing.pauses_s, lines=said)
            return self._failed(state)
        findings = () if self._step.always else await probe()
        if findings and satisfied(findings):
            return Result(outcome="ok", findings=findings)
        if problem := blocked(findings):
            return Result(outcome="failed", findings=findings, problem=problem)
        ended = "the host was restarted" if state.status == "rebooted" else "the attempt vanished"
        if self._retries.left:
            return _Again(reason=f"{ended} before it was done")
        problem = unsatisfied(
            f"“{self._step.title}” was begun {RETRIES + 1} times and never ended: {ended}",
            findings,
            f"Look why on {self._task.host.name}, then run haui resume.",
        )
        return Result(outcome="failed", findings=findings, problem=problem)

    async def _proved(self, probe: Probe) -> Result:
        """The result of an attempt that ended well: what the probe says now."""
        if self._step.always:
            findings = parse_findings("\n".join(self._output)) or said_nothing()
        else:
            findings = await probe()
            for pause in PROOF_PAUSES_S:
                if satisfied(findings) or blocked(findings):
                    break
                await self._engine.clock.sleep(pause)
                findings = await probe()
        if satisfied(findings):
            return Result(outcome="ok", findings=findings)
        problem = blocked(findings) or unsatisfied(
            f"“{self._step.title}” ran, but the host is not as it must be", findings, self._advice
        )
        return Result(outcome="failed", findings=findings, problem=problem)

    def _failed(self, state: TaskState) -> Result:
        findings = parse_findings("\n".join(self._output)) if self._step.always else ()
        found = [line_of(each) for each in findings if each.verdict not in ("ok", "info")]
        problem = Problem(
            what=f"“{self._step.title}” failed (exit status {state.rc})",
            why="\n".join(found) or decisive(self._output),
            fix=remedy(self._output, self._task.host.name) or advice(self._output) or self._advice,
        )
        return Result(outcome="failed", findings=findings, problem=problem)

    @property
    def _advice(self) -> str:
        host = self._task.host.name
        return f"Fix the cause on {host} (its log has the full output), then run haui resume."


def _names(spec: ClusterSpec) -> set[str]:
    """What everybody may read, also when a supply script says it."""
    hosts = {text for host in spec.hosts for text in (host.name, host.address)}
    return hosts | {spec.endpoint.name, spec.endpoint.vip or spec.endpoint.name}

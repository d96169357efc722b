"""The life of one task: look, change if need be, prove; or find it running and wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from haui.errors import ConnectError, HauiError, JournalError, StepError
from haui.events import Finding, Outcome, Problem, TaskFinished
from haui.evidence import Reading, reading_of
from haui.execution.attempts import Attempts
from haui.execution.engine import Engine, Result
from haui.execution.errands import Errands
from haui.execution.judge import (
    blocked,
    findings_of,
    problem_of,
    said_nothing,
    satisfied,
    unsatisfied,
    worth_keeping,
)
from haui.execution.retrying import Retries
from haui.execution.voice import Voice
from haui.host import Script
from haui.step import Judge, Remote, Task, Values, Work

PROBE_TIMEOUT_S = 120
CUT_OFF = 124
"""The status of a reading that was cut off, as timeout(1) has it."""
PARTING_S = 5.0
"""How long a run that was told to end still waits until what was lent is taken back. Whoever stops
a service waits ten seconds at the least before killing it; the next run takes back what is left."""

Reopen = Callable[[str], Awaitable[None]]
"""Dials a host again and asks what it knows. Raises HauiError."""


class TaskRun:
    """Runs one task. What goes wrong on a host is its result, never an exception."""

    def __init__(
        self,
        engine: Engine,
        task: Task,
        *,
        settled: bool = False,
        reopen: Reopen | None = None,
    ) -> None:
        """`settled`: the journal knows that this task succeeded in an earlier run.

        `reopen` is for a task that has failed before: it learns again what the host knows, first.
        """
        self.unreachable = False
        self.silent = False
        """Whether nothing can be found out about the host."""
        self.ending = False
        """Whether the result is known and only the last rites are left."""
        self._engine = engine
        self._task = task
        self._step = task.step
        self._settled = settled
        self._reopen = reopen
        self._voice = Voice(engine.bus, task, engine.secrets)
        self._spec = engine.spec_for(task.step)
        self._errands = Errands(task, self._spec, engine.connections, engine.composer, engine.clock)
        self._retries = Retries(self._voice, engine.controls, engine.clock)
        self._attempts = self._new_attempts()
        self._values: Values = engine.secrets
        self._work = Work()

    @property
    def changing(self) -> bool:
        """Whether a stop has to wait for this task: an attempt was begun on the host."""
        return self._attempts.changing

    def _new_attempts(self) -> Attempts:
        return Attempts(self._engine, self._task, self._voice, self._errands, self._retries)

    async def run(self) -> TaskFinished:
        """Run to the end and emit the result.

        Raises JournalError; CancelledError when cancelled for another reason than a stop, and then
        nothing on the host is touched.
        """
        began = self._engine.clock.monotonic()
        try:
            await self._voice.started()
            if self._reopen is not None:
                await self._reopen(self._task.host.name)
                self._attempts = self._new_attempts()
            result = await self._life()
            if result.good:
                await self._fetch()
        except JournalError:
            raise
        except HauiError as error:
            lost = isinstance(error, ConnectError)
            result = Result(outcome="failed", problem=problem_of(error), unreachable=lost)
        except asyncio.CancelledError:
            if not self._engine.controls.stopping:
                raise
            self.ending = True
            if (current := asyncio.current_task()) is not None:
                current.uncancel()
            result = await self._give_up()
        self.ending = True
        self.unreachable = result.unreachable
        result = replace(result, findings=(*result.findings, *await self._take_back()))
        seconds = self._engine.clock.monotonic() - began
        return await self._voice.finished(result, self._attempts.number, seconds)

    async def _life(self) -> Result:
        step = self._step
        if step.supply is not None and step.supply_for == "probe":
            self._attempts.minted = True
            self._values = {**self._values, **await self._supplied(step.supply)}
        self._work = step.work(self._spec, self._task.host, self._values)
        if step.judge is not None:
            return await self._judged(step.judge)
        if step.always and self._settled and not self._attempts.running:
            return Result(outcome="unchanged", findings=(_measured_before(step.title),))
        if self._attempts.running or step.always:
            return await self._attempts.change(self._work, self._values, self._probe)
        findings = await self._probe()
        if satisfied(findings):
            return Result(outcome="unchanged", findings=findings)
        if problem := blocked(findings):
            return Result(outcome="failed", findings=findings, problem=problem)
        if self._work.apply is None and not self._work.files:
            return await self._only_read(findings)
        if self._settled:
            await self._voice.drifted(findings)
        return await self._attempts.change(self._work, self._values, self._probe)

    async def _supplied(self, remote: Remote) -> Values:
        return await self._errands.supply(remote, self._retries)

    async def _judged(self, judge: Judge) -> Result:
        """A step that looks and judges. Its result keeps what is worth a second look."""
        name, step = self._task.host.name, self._step
        evidence = self._engine.evidence
        if self._work.probe is not None:
            script = self._engine.composer.probe(self._task, self._work.probe, ())
            reading = await self._read(script)
            first = not any(id_.endswith(f"@{name}") for id_ in self._task.needs | self._task.after)
            self.silent = first and reading.status == CUT_OFF
            evidence.keep(step.id, name, reading)
        findings = judge(self._spec, self._task.host, evidence)
        await self._voice.preflight(findings, self._engine.operator)
        problem = blocked(findings)
        outcome: Outcome = "failed" if problem else "unchanged"
        return Result(outcome=outcome, findings=worth_keeping(findings), problem=problem)

    async def _read(self, script: Script) -> Reading:
        """What the host says. That it can't come to an end of it (no time, endless output) is a
        reading like another, for the judge to judge."""
        ask, name = self._engine.connections.ask, self._task.host.name
        try:
            answer = await ask(name, script, timeout_s=self._step.timeout_s, brief=True)
        except StepError as error:
            said = "\n".join(part for part in (error.what, error.why) if part)
            return Reading(text="", status=CUT_OFF, stderr=said)
        return reading_of(answer)

    async def _only_read(self, findings: tuple[Finding, ...]) -> Result:
        """A step that changes nothing: its probe is the result, once its gate has opened."""
        if self._step.gate is not None:
            await self._errands.gate(self._step.gate, self._voice.waiting)
            findings = await self._probe()
            if satisfied(findings):
                return Result(outcome="unchanged", findings=findings)
        count = sum(found.verdict == "differs" for found in findings)
        problem = blocked(findings) or unsatisfied(
            f"{self._step.title}: {count} finding{'s' if count > 1 else ''}",
            findings,
            "Correct it on the host, then run haui again.",
        )
        return Result(outcome="failed", findings=findings, problem=problem)

    async def _probe(self) -> tuple[Finding, ...]:
        if self._work.probe is None and not self._work.files:
            return said_nothing()
        script = self._engine.composer.probe(self._task, self._work.probe, self._work.files)
        answer = await self._engine.connections.ask(
            self._task.host.name, script, timeout_s=PROBE_TIMEOUT_S
        )
        return findings_of(answer)

    async def _fetch(self) -> None:
        for name, path in self._step.fetch.items():
            content = await self._engine.connections.read(self._task.host.name, path)
            if self._step.refuse is not None and (why := self._step.refuse(content)):
                raise StepError(
                    f"{path} of this host must not be used on this machine",
                    why=why,
                    fix="find out who has changed it there and restore it, then run haui resume",
                    host=self._task.host.name,
                )
            self._engine.store(name, content)

    async def _give_up(self) -> Result:
        """End for the admin's stop; an attempt in flight is cancelled on its host."""
        problem = Problem(
            what=f"“{self._step.title}” was stopped", fix="haui resume continues the install."
        )
        attempts = self._attempts
        if attempts.in_flight is not None:
            try:
                await self._engine.connections.host(self._task.host.name).cancel(attempts.in_flight)
                attempts.in_flight = None
            except ConnectError as error:
                problem = Problem(
                    what=f"“{self._step.title}” could not be stopped and may still be running",
                    why=error.render(),
                    fix="haui resume finds out and continues the install.",
                )
        return Result(outcome="cancelled", problem=problem)

    async def _take_back(self) -> tuple[Finding, ...]:
        """Revoke what supply gave, unless the host may still be using it.

        Also what an earlier run may not have come to take back.
        """
        attempts = self._attempts
        lent = attempts.minted or (attempts.known is not None and not self._settled)
        if self._step.revoke is None or not lent or attempts.in_flight is not None:
            return ()
        try:
            await _to_the_end(self._errands.revoke(self._step.revoke))
        except (StepError, ConnectError) as error:
            seen = f"{error.what}: {error.why}" if error.why else error.what
            return (Finding(verdict="info", what="could not take back what was lent", seen=seen),)
        return ()


async def _to_the_end(errand: Awaitable[None]) -> None:
    """Await what a cancellation must not cut short at once; it is passed on afterwards.

    A host that is gone for good is not waited for: `PARTING_S`, or until the next cancellation.
    """
    running = asyncio.ensure_future(errand)
    try:
        await asyncio.shield(running)
    except asyncio.CancelledError:
        try:
            await asyncio.wait([running], timeout=PARTING_S)
        finally:
            running.cancel()
            running.add_done_callback(_told_nobody)
        raise


def _told_nobody(errand: asyncio.Future[None]) -> None:
    """Nobody is left to be told how it failed; without this the event loop would complain."""
    if not errand.cancelled():
        errand.exception()


def _measured_before(title: str) -> Finding:
    return Finding(
        verdict="info", what=title, seen="measured before, and nothing has changed since"
    )

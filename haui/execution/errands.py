"""What a task needs from other hosts: a gate to open, values to be supplied, and taken back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from haui.errors import ConnectError, StepError
from haui.events import Finding
from haui.execution.clock import Clock
from haui.execution.compose import Composer, Part
from haui.execution.connections import Connections
from haui.execution.judge import blocked, findings_of, line_of, satisfied, unsatisfied
from haui.execution.retrying import Retries
from haui.execution.transient import NETWORK_PAUSES_S, advice, decisive, transient
from haui.host import Completed
from haui.spec import ClusterSpec
from haui.step import Remote, Task, Values

GATE_PAUSE_S = 3.0

Waiting = Callable[[str], Awaitable[None]]


class Errands:
    """Runs the `Remote` parts of one task on the first of their hosts that can be reached."""

    def __init__(
        self,
        task: Task,
        spec: ClusterSpec,
        connections: Connections,
        composer: Composer,
        clock: Clock,
    ) -> None:
        self._task = task
        self._spec = spec
        self._connections = connections
        self._composer = composer
        self._clock = clock

    async def gate(self, remote: Remote, waiting: Waiting) -> None:
        """Wait until the gate's probe is all ok; tells `waiting` each new reason.

        Raises StepError when a person has to act or the gate's patience is over.
        """
        deadline = self._clock.monotonic() + remote.patience_s
        told = ""
        while True:
            findings = await self._look(remote)
            if satisfied(findings):
                return
            if stuck := blocked(findings):
                raise self._error(stuck.what, stuck.why, stuck.fix)
            reason = next(line_of(f) for f in findings if f.verdict != "ok")
            if self._clock.monotonic() + GATE_PAUSE_S > deadline:
                late = unsatisfied(
                    f"“{self._task.step.title}” must wait for a condition that was not met "
                    f"within {remote.patience_s} s",
                    findings,
                    "Bring that about, then run haui resume.",
                )
                raise self._error(late.what, late.why, late.fix)
            if reason != told:
                told = reason
                await waiting(f"waits until {reason}")
            await self._clock.sleep(GATE_PAUSE_S)

    async def supply(self, remote: Remote, retries: Retries) -> Values:
        """The values that the script prints; what may go away is tried again, as `retries` allow.

        Raises StepError when the script fails, ConnectError when no host can be reached.
        """
        while True:
            try:
                answer = await self._run("supply", remote)
            except ConnectError as error:
                said = error.render()
                if error.passing and await retries.again(error.what, NETWORK_PAUSES_S, lines=said):
                    continue
                raise
            if answer.status == 0:
                return _values(answer.stdout)
            lines = answer.stderr.splitlines()
            passing = transient(lines)
            if passing is None:
                raise self._failed(answer)
            if not await retries.again(passing.reason, passing.pauses_s, lines=decisive(lines, 4)):
                raise self._failed(answer)

    async def revoke(self, remote: Remote) -> None:
        """Take back what supply gave. Raises StepError or ConnectError when that failed."""
        answer = await self._run("revoke", remote)
        if answer.status != 0:
            raise self._failed(answer)

    async def _look(self, remote: Remote) -> tuple[Finding, ...]:
        try:
            return findings_of(await self._run("gate", remote))
        except ConnectError as error:
            return (Finding(verdict="differs", what=error.what, seen=error.why),)

    async def _run(self, part: Part, remote: Remote) -> Completed:
        call = remote.call(self._spec, self._task.host)
        return await self._connections.ask_first(
            remote.on(self._spec, self._task.host),
            self._composer.call(self._task, part, call),
            timeout_s=remote.timeout_s,
        )

    def _failed(self, answer: Completed) -> StepError:
        lines = answer.stderr.splitlines()
        return self._error(
            f"a script on another host for “{self._task.step.title}” failed "
            f"(exit status {answer.status})",
            decisive(lines),
            advice(lines) or "Fix the cause, then run haui resume.",
        )

    def _error(self, what: str, why: str, fix: str) -> StepError:
        return StepError(what, why=why, fix=fix, host=self._task.host.name)


def _values(output: str) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in output.splitlines() if "=" in line)
    return {name: value for name, value in pairs if name.isidentifier()}

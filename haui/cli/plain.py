"""The run as append-only lines for people, and as JSON lines for programs.

Both are subscribers of the bus. They write to a stream that may block: put them into a
`haui.record.background.Background`, with `PlainPrinter.tick` as its tick.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import TextIO

from haui.cli.lines import LineStream, flat, table
from haui.cli.plain_preflight import PreflightLines
from haui.documents.phases import duration
from haui.events import (
    Event,
    Finding,
    HostConnected,
    HostLost,
    PreflightResult,
    Problem,
    RunFinished,
    RunStarted,
    TaskDrifted,
    TaskFinished,
    TaskIntent,
    TaskOutput,
    TaskRetrying,
    TaskStarted,
    TaskWaiting,
)
from haui.execution.judge import line_of
from haui.record.stamp import clock_face

HEARTBEAT_S = 30.0
JSON_KINDS = frozenset(
    ("run_started", "preflight_result", "task_started", "task_retrying", "task_output",
     "task_finished", "run_finished")
)  # fmt: skip
"""The kinds of the command line's contract; others are the engine's own affair."""

_RESULTS: Mapping[str, tuple[str, str]] = {
    "ok": ("✓ {cluster} is done", "haui verify {cluster}"),
    "failed": ("✗ {cluster}: {failed} failed", "haui resume {cluster}"),
    "preflight": ("✗ {cluster}: preflight found what must be fixed first", "haui resume {cluster}"),
    "unreachable": ("✗ {cluster}: a host can't be reached", "haui resume {cluster}"),
    "verification": ("✗ {cluster} is installed, but not as it must be", "haui verify {cluster}"),
    "cancelled": ("· {cluster} was stopped", "haui resume {cluster}"),
}
_VERDICTS: Mapping[str, str] = {
    "ok": "ok", "info": "info", "warning": "warning", "skipped": "skipped", "differs": "FAILED",
    "blocked": "FAILED",
}  # fmt: skip


class PlainPrinter:
    """Phase headings, a line for each result, failures with what to do, a heartbeat, a summary.

    The preflight has a line for each host, and its findings at its end, by what mends them.
    `phases` is step id -> phase; findings of the phase "verify" (or of a step `verify.…` that is in
    no phase) make the table at the end.
    `next_commands` replaces, by outcome, what the last line advises. Times are shown in `zone`
    (None: the machine's own); `monotonic` (seconds) is only for the heartbeat.
    """

    def __init__(
        self,
        stream: TextIO,
        *,
        phases: Mapping[str, str] | None = None,
        verbose: bool = False,
        next_commands: Mapping[str, str] | None = None,
        zone: tzinfo | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._out = LineStream(stream)
        self._phases = phases or {}
        self._verbose = verbose
        self._next = next_commands or {}
        self._zone = zone
        self._monotonic = monotonic
        self._printed_at = monotonic()
        self._cluster = ""
        self._resets = False
        self._headings: set[str] = set()
        self._going: dict[tuple[str, str], tuple[float, str]] = {}
        self._lost: set[str] = set()
        self._failures: list[TaskFinished] = []
        self._evidence: list[tuple[str, str, Finding]] = []
        self._preflight = PreflightLines()

    def __call__(self, event: Event) -> None:
        """Prints what the event says, if anything. Raises OSError when the stream refuses."""
        match event:
            case RunStarted():
                self._preflight.follow(event)
                self._run_started(event)
            case TaskStarted() | TaskWaiting() | TaskIntent() | TaskRetrying():
                self._going_on(event)
            case TaskDrifted():
                self._heading(event.step)
                self._say(event, f"{event.host} {event.step} was done and is not any more:")
                self._print(*(f"    {flat(line_of(found))}" for found in event.findings))
            case TaskFinished():
                self._task_finished(event)
            case TaskOutput(host=host, lines=lines):
                if self._verbose:
                    self._print(*(f"{host} | {flat(line)}" for line in lines))
            case PreflightResult():
                self._preflight.follow(event)
            case HostConnected(host=host):
                if host in self._lost or self._verbose:
                    self._say(event, f"{host} connected{' again' if host in self._lost else ''}")
                self._lost.discard(host)
            case HostLost(host=host, reason=reason):
                self._lost.add(host)
                self._say(event, f"{host} connection lost ({flat(reason)}), dialling again")
            case RunFinished():
                self._run_finished(event)

    def _held_up(self, host: str, reason: str) -> str:
        """What a task waits for: first of all for its host."""
        told = "connection lost, dialling again" if host in self._lost else reason
        return f" ({told})" if told else ""

    def tick(self) -> None:
        """Call now and then: prints what is going on when nothing was printed for 30 s."""
        now = self._monotonic()
        if not self._going or now - self._printed_at < HEARTBEAT_S:
            return
        names = [
            f"{host} {step} {duration(now - since)}{self._held_up(host, reason)}"
            for (host, step), (since, reason) in self._going.items()
        ]
        more = f", and {len(names) - 5} more" if len(names) > 5 else ""
        self._print(f"… {len(names)} still going on: {', '.join(names[:5])}{more}")

    def _run_started(self, event: RunStarted) -> None:
        self._cluster = event.cluster
        self._resets = event.purpose == "reset"
        verb = "goes on" if event.resumed else "begins"
        hosts = _count(len(event.hosts), "host")
        tasks = _count(event.tasks, "task")
        what = "reset" if self._resets else "run"
        self._say(event, f"{event.cluster}: {what} {event.run} {verb}, {tasks} on {hosts}")

    def _going_on(self, event: TaskStarted | TaskWaiting | TaskIntent | TaskRetrying) -> None:
        if self._phase(event.step) != "preflight":
            self._sum_up()
        elif isinstance(event, TaskStarted):
            self._preflight.follow(event)
        self._heading(event.step)
        key = (event.host, event.step)
        since, _ = self._going.get(key, (self._monotonic(), ""))
        reason = flat(event.reason) if isinstance(event, TaskWaiting | TaskRetrying) else ""
        self._going[key] = (since, reason)
        if isinstance(event, TaskIntent) and event.reattached:
            self._say(event, f"{event.host} {event.step} is still running there, following it")
        elif isinstance(event, TaskRetrying):
            self._say(event, f"{event.host} {event.step}: {flat(event.said)}")
            self._print(*(f"      {flat(line)}" for line in event.lines.splitlines()))
        elif self._verbose and not isinstance(event, TaskStarted):
            what = reason or f"attempt {event.attempt}" if isinstance(event, TaskIntent) else reason
            self._say(event, f"{event.host} {event.step}: {what}")

    def _task_finished(self, event: TaskFinished) -> None:
        self._going.pop((event.host, event.step), None)
        if self._phase(event.step) == "preflight":
            self._looked(event)
            return
        if self._phase(event.step) == "verify":
            self._evidence += [(event.step, event.host, found) for found in event.findings]
        if event.outcome == "skipped" and not self._verbose:
            return  # One failure can skip a hundred tasks; they are counted at the end.
        self._heading(event.step)
        took = "" if event.outcome == "skipped" else f" {duration(event.seconds)}"
        self._say(event, f"{event.host} {event.step} … {event.outcome}{took}")
        if event.outcome == "failed":
            self._failures.append(event)
            self._print(*_problem(event.problem))

    def _looked(self, event: TaskFinished) -> None:
        """A step of the preflight: there are a hundred checks on each of a hundred hosts."""
        self._preflight.follow(event)
        self._heading(event.step)
        if self._verbose and event.outcome != "skipped":
            took = duration(event.seconds)
            self._say(event, f"{event.host} {event.step} … {event.outcome} {took}")
        if line := self._preflight.host_line(event):
            self._say(event, line)

    def _sum_up(self) -> None:
        self._print(*self._preflight.summary(verbose=self._verbose))

    def _run_finished(self, event: RunFinished) -> None:
        self._going.clear()
        self._sum_up()
        if len(self._failures) > 1 or (self._failures and self._evidence):
            self._print("", "failed:")
            for failure in self._failures:
                self._print(f"  {failure.host} {failure.step}", *_problem(failure.problem))
        if self._evidence:
            rows = [
                (found.what, host, found.expected, found.seen, _VERDICTS[found.verdict])
                for _, host, found in sorted(self._evidence, key=self._place)
            ]
            self._print("", *table(("check", "host", "expected", "seen", "result"), rows))
        counts = " · ".join(f"{number} {outcome}" for outcome, number in event.counts.items())
        if counts:
            self._print("", f"tasks: {counts}")
        self._print(self._last_line(event))

    def _place(self, evidence: tuple[str, str, Finding]) -> tuple[int, str]:
        """Rows stand in the order of the catalogue, not in that in which hosts answered."""
        step, host, _ = evidence
        steps = list(self._phases)
        return (steps.index(step) if step in self._phases else len(steps), host)

    def _last_line(self, event: RunFinished) -> str:
        said, command = _RESULTS[event.outcome]
        cluster = self._cluster or "the cluster"
        if event.outcome == "ok" and event.counts and set(event.counts) <= {"unchanged"}:
            said = "✓ {cluster} was as it must be, nothing was changed"
            if self._headings == {"preflight"}:
                said = "✓ {cluster}: nothing is in the way"
        if self._resets and event.outcome == "ok":
            said = "✓ {cluster} is reset"
        said = said.format(cluster=cluster, failed=_count(event.counts.get("failed", 0), "task"))
        command = self._next.get(event.outcome, command.format(cluster=self._cluster))
        return f"{said} · {duration(event.seconds)} · next: {command}"

    def _phase(self, step: str) -> str:
        return self._phases.get(step, step.split(".")[0])

    def _heading(self, step: str) -> None:
        phase = "preflight" if self._phase(step) == "preflight" else self._phases.get(step)
        if phase and phase not in self._headings:
            self._headings.add(phase)
            self._print("", f"== {phase}")

    def _say(self, event: Event, text: str) -> None:
        self._print(f"[{clock_face(event.at, self._zone)}] {text}")

    def _print(self, *lines: str) -> None:
        if not lines:
            return
        self._out.write(lines)
        self._printed_at = self._monotonic()


class JsonPrinter:
    """Each event of the contract as one line of JSON, in ASCII, flushed at once."""

    def __init__(self, stream: TextIO) -> None:
        self._out = LineStream(stream)

    def __call__(self, event: Event) -> None:
        """Raises OSError when the stream refuses; a reader that has gone is no error."""
        if event.kind in JSON_KINDS:
            self._out.write([json.dumps(event.to_json(), separators=(",", ":"))])


def _problem(problem: Problem | None) -> list[str]:
    """What, why (the decisive lines) and what to do, indented."""
    if problem is None:
        return ["    no reason was given"]
    lines = [f"    {flat(line)}" for line in problem.what.splitlines()]
    lines += [f"      {flat(line)}" for line in problem.why.splitlines()]
    return lines + [f"    → {flat(line)}" for line in problem.fix.splitlines()]


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"

"""The last lines of every host in memory, for screens that show one of them at a time.

The log files have everything; here is what a person scrolls through. A screen asks for what is new
since the number of the last line that it has, so its cost depends on what it shows alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from haui.events import (
    Event,
    HostConnected,
    HostLost,
    TaskDrifted,
    TaskFinished,
    TaskIntent,
    TaskOutput,
    TaskRetrying,
    TaskStarted,
    TaskWaiting,
)
from haui.live.logtail import LineKind, Logged, LogTail
from haui.transport.text import clean_line

KEPT_LINES = 5000
KEPT_CHARACTERS = 1 << 20
"""Of one host; lines are long only when something prints what nobody can read."""


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of a host. `number` counts from 1, `at` is a stamp; `step` is empty for the host."""

    number: int
    at: str
    step: str
    text: str
    kind: LineKind = "output"


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Lines that came together; `first` is the number of the first one."""

    first: int
    at: str
    step: str
    kind: LineKind
    lines: tuple[str, ...]

    @property
    def characters(self) -> int:
        return sum(map(len, self.lines))


class _Ring:
    """The last lines of one host, in chunks."""

    def __init__(self) -> None:
        self.total = 0
        self.waits_for = ""
        self.chunks: deque[_Chunk] = deque()
        self._characters = 0

    def add(self, at: str, step: str, kind: LineKind, lines: tuple[str, ...]) -> None:
        for start in range(0, len(lines), KEPT_LINES // 10):
            part = lines[start : start + KEPT_LINES // 10]
            chunk = _Chunk(self.total + 1, at, step, kind, part)
            self.chunks.append(chunk)
            self.total += len(part)
            self._characters += chunk.characters
        while len(self.chunks) > 1 and self._too_much():
            self._characters -= self.chunks.popleft().characters

    def _too_much(self) -> bool:
        without_first = self.total - self.chunks[1].first + 1
        return without_first >= KEPT_LINES or self._characters > KEPT_CHARACTERS

    def since(self, number: int, limit: int) -> tuple[LogLine, ...]:
        found: list[tuple[LogLine, ...]] = []
        count = 0
        for chunk in reversed(self.chunks):
            if chunk.first + len(chunk.lines) - 1 <= number or count >= limit:
                break
            skip = max(number + 1 - chunk.first, 0)
            found.append(
                tuple(
                    LogLine(chunk.first + index, chunk.at, chunk.step, text, chunk.kind)
                    for index, text in enumerate(islice(chunk.lines, skip, None), skip)
                )
            )
            count += len(found[-1])
        lines = tuple(line for part in reversed(found) for line in part)
        return lines[-limit:] if limit else ()


class LogBook:
    """A subscriber of the bus; never blocks. Of each host the last 5000 lines are kept."""

    def __init__(self) -> None:
        self._rings: dict[str, _Ring] = {}

    def __call__(self, event: Event) -> None:
        """Keeps what the event says; events of no host are ignored."""
        host = getattr(event, "host", "")
        if not host:
            return
        if isinstance(event, TaskOutput):
            self._ring(host).add(event.at, event.step, "output", event.lines)
            return
        text = self._mark(self._ring(host), event)
        if text:
            step = getattr(event, "step", "")
            self._ring(host).add(event.at, step, "mark", (clean_line(text),))

    def total(self, host: str) -> int:
        """How many lines the host has had; the number of its last line."""
        ring = self._rings.get(host)
        return ring.total if ring else 0

    def lines_since(
        self, host: str, number: int = 0, limit: int = KEPT_LINES
    ) -> tuple[LogLine, ...]:
        """The lines after `number`, oldest first, at most the last `limit` of them.

        The first one may have a higher number than asked for: what lies between was let go.
        """
        ring = self._rings.get(host)
        return ring.since(number, limit) if ring else ()

    def last(self, host: str, step: str, since: str) -> str:
        """The last line that the step has printed on the host since then, a stamp; else empty.

        What was printed before, in an earlier session or by another step, tells nothing of now.
        """
        ring = self._rings.get(host)
        for chunk in reversed(ring.chunks if ring else ()):
            if chunk.at < since:
                break
            if chunk.kind == "output" and chunk.step == step and chunk.lines:
                return chunk.lines[-1]
        return ""

    def seed(self, host: str, path: Path) -> None:
        """Begin with the end of the host's log file, which an earlier session wrote.

        Does nothing for a file that can't be read, or when the host has lines already.
        """
        tail = LogTail(path)
        self.seed_with(host, tail.poll())
        tail.close()

    def seed_with(self, host: str, lines: Iterable[Logged]) -> None:
        """As `seed`, with lines that have been read."""
        if self.total(host):
            return
        ring = self._ring(host)
        for line in lines:
            ring.add(line.at, line.step, line.kind, (line.text,))

    def _ring(self, host: str) -> _Ring:
        if host not in self._rings:
            self._rings[host] = _Ring()
        return self._rings[host]

    def _mark(self, ring: _Ring, event: Event) -> str:
        """What haui says about the event. The same wait is told once."""
        waits_for, ring.waits_for = ring.waits_for, ""
        match event:
            case TaskStarted(step=step, title=title):
                return title or step
            case TaskWaiting(reason=reason):
                ring.waits_for = reason
                return reason if reason != waits_for else ""
            case TaskIntent(attempt=attempt, reattached=True):
                return f"follows attempt {attempt}, which is still running"
            case TaskIntent(attempt=attempt):
                return f"attempt {attempt}" if attempt > 1 else ""
            case TaskRetrying():
                return event.said
            case TaskDrifted():
                return "was done, and is not any more"
            case TaskFinished():
                return _ending(event)
            case HostConnected():
                return "connected"
            case HostLost(reason=reason):
                return f"connection lost: {reason}"
        ring.waits_for = waits_for
        return ""


def _ending(event: TaskFinished) -> str:
    ending = f"{event.outcome} after {event.seconds:.1f} s" if event.seconds else event.outcome
    return f"{ending}: {event.problem.what}" if event.problem else ending

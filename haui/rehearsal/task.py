"""One attempt of a task on a simulated host, and the state of a host, as they are saved.

An attempt is its plan: when it began, how long it takes, what it will print. Everything else is
computed for a given time, so that saving it once, at the start, is enough.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from haui.host import TaskStatus
from haui.rehearsal.text import HOSTILE


def undoes(step: str) -> bool:
    """Whether it is a step of a reset."""
    return step.startswith("reset.")


@dataclass(slots=True, kw_only=True)
class Attempt:
    """One attempt. Times in seconds since the epoch; `lines` is (fraction of the time, text)."""

    run: str
    step: str
    attempt: int
    started: float
    duration: float
    rc: int
    boot: int
    lines: list[tuple[float, str]] = field(default_factory=list)
    noisy: bool = False
    drops: bool = False
    """Whether the connection of whoever follows is still to be closed, once."""
    reboots_at: float | None = None
    """When the host will boot in the middle of it; cleared when that has happened."""
    ended: float | None = None
    """When it was cancelled or interrupted, before its time."""
    interrupted: bool = False
    known: bool = True

    @staticmethod
    def absent(run: str, step: str, attempt: int) -> Attempt:
        """An attempt that the host has never heard of."""
        return Attempt(
            run=run, step=step, attempt=attempt, started=0, duration=0, rc=0, boot=0, known=False
        )

    @staticmethod
    def load(saved: dict[str, Any]) -> Attempt:
        """The inverse of `save`."""
        lines = [(float(at), str(text)) for at, text in saved.pop("lines")]
        return Attempt(**saved, lines=lines)

    def save(self) -> dict[str, Any]:
        """JSON-ready."""
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def ends(self) -> float:
        return self.started + self.duration

    def status(self, now: float, boot: int) -> TaskStatus:
        """What the host says about it at that time. `boot` is the number of the host's boot."""
        if not self.known:
            return "absent"
        if self.interrupted:
            return "rebooted"
        if self.ended is not None:
            return "done"
        if self.reboots_at is not None or now < self.ends:
            return "running" if self.boot == boot else "rebooted"
        return "done"

    def rc_at(self, now: float) -> int | None:
        """The exit status once it is done."""
        return self.rc if self.status(now, self.boot) == "done" else None

    def cancel(self, now: float, rc: int) -> None:
        """Stop it."""
        self.ended, self.rc, self.reboots_at = now, rc, None

    def interrupt(self, now: float) -> None:
        """The host went down under it."""
        self.ended, self.interrupted, self.reboots_at = now, True, None

    def output(self, now: float) -> bytes:
        """All bytes that it has printed until then."""
        until = now if self.ended is None else min(now, self.ended)
        if self.reboots_at is not None:
            until = min(until, self.reboots_at)
        if self.duration <= 0:
            share = 0.5 if self.reboots_at is not None or self.interrupted else 1.0
        else:
            share = (until - self.started) / self.duration
        return b"".join(self._bytes(i) for i, (at, _) in enumerate(self.lines) if at <= share)

    def next_at(self, now: float) -> float:
        """When something will be seen next: a line, a reboot, or the end."""
        moments = [self.started + at * self.duration for at, _ in self.lines]
        moments += [self.ends] if self.reboots_at is None else [self.reboots_at]
        return min((moment for moment in moments if moment > now), default=now)

    def _bytes(self, index: int) -> bytes:
        text = self.lines[index][1].encode()
        hostile = HOSTILE[index % len(HOSTILE)] + b"\n" if self.noisy else b""
        return hostile + text + b"\n"

    def _fields(self, now: float, boot: int) -> str:
        status = self.status(now, boot)
        rc = self.rc_at(now) if status == "done" else None
        size = len(self.output(now)) if self.known else 0
        return f"{status}\t{'' if rc is None else rc}\t{size}\n"

    def line(self, now: float, boot: int) -> bytes:
        """The answer of start and cancel."""
        return f"state\t{self._fields(now, boot)}".encode()

    def row(self, now: float, boot: int) -> str:
        """Its line in the answer of states."""
        return f"task\t{self.step}\t{self.attempt}\t{self._fields(now, boot)}"

    def mark(self, mark: str, now: float, boot: int) -> bytes:
        """The end of the answer of follow."""
        return f"\n{mark}\t{self._fields(now, boot)}".encode()


def record(lines: Sequence[str], *, seed: int, **fields: Any) -> Attempt:
    """An attempt whose lines are spread over its time, unevenly as real ones are."""
    rng = random.Random(seed)
    moments = sorted(rng.uniform(0.02, 0.98) for _ in lines)
    return Attempt(lines=list(zip(moments, lines, strict=True)), **fields)


@dataclass(slots=True, kw_only=True)
class HostState:
    """Everything about a simulated host that survives a restart of the fleet."""

    boot: int = 1
    down_until: float = 0.0
    attempts: list[Attempt] = field(default_factory=list)
    files: dict[str, list[str]] = field(default_factory=dict)
    """Path -> sha256 and octal mode of what tasks have placed."""
    fired: set[str] = field(default_factory=set)
    """Faults that happen once and have happened."""
    since: set[str] = field(default_factory=set)
    """Faults that hold from some moment on (unreachable, wrong-host-key); not saved."""

    def find(self, run: str, step: str, attempt: int) -> Attempt | None:
        for task in self.attempts:
            if (task.run, task.step, task.attempt) == (run, step, attempt):
                return task
        return None

    def done(self, step: str, now: float) -> bool:
        """Whether the step was applied with success, and not undone since.

        A reset undoes what an install did, and an install what a reset did.
        """
        good = [
            task
            for task in self.attempts
            if task.status(now, self.boot) == "done" and task.rc_at(now) == 0
        ]
        undone = max((t.ends for t in good if undoes(t.step) != undoes(step)), default=-1.0)
        return any(task.step == step and task.started >= undone for task in good)

    @staticmethod
    def load(saved: dict[str, Any]) -> HostState:
        """The inverse of `save`."""
        return HostState(
            boot=saved["boot"],
            down_until=saved["down_until"],
            attempts=[Attempt.load(task) for task in saved["attempts"]],
            files=saved["files"],
            fired=set(saved["fired"]),
        )

    def save(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "boot": self.boot,
            "down_until": self.down_until,
            "attempts": [task.save() for task in self.attempts],
            "files": self.files,
            "fired": sorted(self.fired),
        }

"""One install while it is being disturbed: what has happened so far, and a shell on its hosts."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.lab.lab import Lab
from tests.lab.runs import Event

Moment = Callable[[Event], bool]
ONLY_IN_JOURNAL = ("task_intent", "host_connected", "host_lost")


class Scene:
    """One install while it is being disturbed: the lab, every event of all its sessions, threads.

    `seen` holds (time.monotonic() of its arrival, session, event).
    """

    def __init__(self, lab: Lab, state: Path) -> None:
        self.lab, self.state = lab, state
        self.session = 0
        self.seen: list[tuple[float, int, Event]] = []
        self.power = threading.Lock()
        """The lab keeps one inventory: one host's power is switched at a time."""
        self._news = threading.Condition()
        self._over = False

    def note(self, event: Event) -> None:
        """An event has come."""
        with self._news:
            self.seen.append((time.monotonic(), self.session, event))
            self._news.notify_all()

    def begin(self, session: int) -> None:
        """Another haui begins; the first is 0."""
        with self._news:
            self.session, self._over = session, False

    def end(self) -> None:
        """This haui has ended: nobody waits for its events any more."""
        with self._news:
            self._over = True
            self._news.notify_all()

    def wait(self, wanted: Moment, *, since: float, timeout_s: float) -> float | None:
        """When the first event came after `since` that is wanted; None when none did."""
        deadline = time.monotonic() + timeout_s
        with self._news:
            while True:
                for at, _, event in self.seen:
                    if at > since and wanted(event):
                        return at
                left = deadline - time.monotonic()
                if self._over or left <= 0:
                    return None
                self._news.wait(left)

    def rest(self, seconds: float) -> None:
        """Wait, but not longer than haui runs."""
        self.wait(lambda event: False, since=0.0, timeout_s=seconds)

    def sh(self, host: str, script: str, *, check: bool = True) -> str:
        """Run a script as root in the host; its stdout."""
        done = self.lab.exec(host, ["sh", "-c", script])
        if check and done.returncode:
            raise AssertionError(f"{host}: {script}: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode(errors="replace")

    def first_good(self, host: str, step: str) -> Event:
        """When a task was proved for the first time; AssertionError when that never came."""
        assert self.last(host, step)["outcome"] in ("ok", "unchanged"), self.last(host, step)
        return next(
            event
            for _, _, event in self.seen
            if event["kind"] == "task_finished"
            and (event.get("host"), event["step"]) == (host, step)
            and event["outcome"] in ("ok", "unchanged")
        )

    def last(self, host: str, step: str, session: int | None = None) -> Event:
        """How a task ended (in that session). AssertionError when it did not."""
        found = [
            event
            for _, number, event in self.seen
            if event["kind"] == "task_finished"
            and (event.get("host"), event["step"]) == (host, step)
            and session in (None, number)
        ]
        assert found, f"{step} on {host} never ended"
        return found[-1]


@dataclass
class Records:
    """Follows a journal for what the command line's stream leaves out."""

    path: Path
    offset: int
    over: bool = False

    def follow(self, tell: Callable[[Event], object]) -> None:
        """Until `over` is set, and then once more."""
        while True:
            last = self.over
            for event in self._new():
                if event["kind"] in ONLY_IN_JOURNAL:
                    tell(event)
            if last:
                return
            time.sleep(0.05)

    def _new(self) -> list[Event]:
        if not self.path.exists():
            return []
        with self.path.open("rb") as journal:
            journal.seek(self.offset)
            whole = journal.read().rpartition(b"\n")[0]
        self.offset += len(whole) + 1 if whole else 0
        records = [json.loads(x[2:]) for x in whole.split(b"\n") if x.startswith(b"- ")]
        return [{"kind": record.pop("event"), **record} for record in records]

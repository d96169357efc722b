"""Running haui on the lab's bastion and reading its events."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.lab.lab import Lab

Event = dict[str, Any]
HAUI = (sys.executable, "-m", "haui")


class HauiRun:
    """One haui process with --json on the bastion; its events arrive in a queue."""

    def __init__(
        self, lab: Lab, *args: str, state: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self.events: list[Event] = []
        self.ended = False
        self._queue: queue.Queue[Event | None] = queue.Queue()
        self.stderr_path = state.parent / f"{args[0]}-{os.getpid()}-{id(self)}.err"
        with self.stderr_path.open("wb") as stderr:
            self.process = lab.popen_bastion(
                [*HAUI, *args, "--json"],
                env={**environment(state), **(env or {})},
                stdout=subprocess.PIPE,
                stderr=stderr,
                stdin=subprocess.DEVNULL,
            )
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as lines:
            for line in lines:
                try:
                    self._queue.put(json.loads(line))
                except ValueError:  # the last line of a killed process may be cut
                    continue
        self._queue.put(None)

    def until(self, wanted: Callable[[Event], bool], *, timeout_s: float = 900) -> Event:
        """Read on until an event fits. Fails with haui's own words when it ends before."""
        while (event := self._queue.get(timeout=timeout_s)) is not None:
            self.events.append(event)
            if wanted(event):
                return event
        raise AssertionError(f"haui ended before the awaited event:\n{self.talk()}")

    def watch(self, moments: Sequence[Callable[[Event], bool]], *, seconds: float) -> Event | None:
        """Read on for that long; the event that fits one of the moments, if one comes.

        `ended` tells whether haui came to its end meanwhile.
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                event = self._queue.get(timeout=left)
            except queue.Empty:
                return None
            if event is None:
                self.ended = True
                self._queue.put(None)
                return None
            self.events.append(event)
            if any(wanted(event) for wanted in moments):
                return event
        return None

    def finish(self, *, timeout_s: float = 1500) -> int:
        """Read to the end; the exit code."""
        while (event := self._queue.get(timeout=timeout_s)) is not None:
            self.events.append(event)
        return self.process.wait(timeout=60)

    def kill(self) -> None:
        """SIGKILL, without a chance to clean up."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=30)
        while self._queue.get(timeout=30) is not None:
            pass

    def talk(self) -> str:
        """What haui said on stderr, and how failed tasks explain themselves."""
        failed = [
            f"{e['host']} {e['step']}: {json.dumps(e.get('problem'), indent=1)}"
            for e in self.events
            if e["kind"] == "task_finished" and e["outcome"] == "failed"
        ]
        return self.stderr_path.read_text(errors="replace")[-6000:] + "\n" + "\n".join(failed)

    def of(self, kind: str, **fields: object) -> Iterator[Event]:
        """The events of that kind with these fields."""
        for event in self.events:
            if event["kind"] == kind and all(event.get(k) == v for k, v in fields.items()):
                yield event


def environment(state: Path) -> dict[str, str]:
    """The environment of haui on the bastion: its own state folder, its own home."""
    return {
        "HAUI_STATE_DIR": str(state),
        "HOME": str(state.parent),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "LANG": "C.UTF-8",
    }


def haui(
    lab: Lab,
    *args: str,
    state: Path,
    env: Mapping[str, str] | None = None,
    timeout_s: float = 900,
) -> tuple[int, str, str]:
    """Run haui on the bastion to its end: exit code, stdout, stderr."""
    process = lab.popen_bastion(
        [*HAUI, *args],
        env={**environment(state), **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
    )
    out, err = process.communicate(timeout=timeout_s)
    return process.returncode, out.decode(errors="replace"), err.decode(errors="replace")

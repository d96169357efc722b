"""A process started earlier, maybe by another run of the lab: told by id and start time."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the command's name, or nothing for a dead process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


@dataclass(frozen=True)
class Process:
    """An id alone may have been given to somebody else since; with the start time it is certain."""

    pid: int
    started: int

    @classmethod
    def of(cls, pid: int) -> Process | None:
        """The process that has this id now."""
        fields = _stat(pid)
        return cls(pid, int(fields[19])) if fields else None

    def alive(self) -> bool:
        """True while this very process runs; a zombie does not."""
        fields = _stat(self.pid)
        return bool(fields) and int(fields[19]) == self.started and fields[0] not in "ZX"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to this process and never to a later one with the same id."""
        try:
            handle = os.pidfd_open(self.pid)
        except OSError:
            return
        try:
            if self.alive():
                signal.pidfd_send_signal(handle, number)
        except ProcessLookupError:
            pass
        finally:
            os.close(handle)

    def kill(self, patience: float = 10.0) -> bool:
        """Kill it and wait until it is gone."""
        self.signal(signal.SIGKILL)
        return self.gone(patience)

    def gone(self, patience: float) -> bool:
        """Wait until it has ended, and say whether it has."""
        end = time.monotonic() + patience
        while self.alive() and time.monotonic() < end:
            time.sleep(0.02)
        return not self.alive()


def start(argv: Sequence[str], environment: Mapping[str, str], log: Path) -> Process:
    """Start something that outlives this command: nobody's child, its output in `log`."""
    detach = 'setsid "$@" </dev/null >>"$LOG" 2>&1 & echo $!'
    done = subprocess.run(
        ["bash", "-c", detach, "detach", *argv],
        env={**environment, "LOG": str(log)},
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    )
    process = Process.of(int(done.stdout))
    if process is None:
        raise RuntimeError(f"{argv[0]} ended at once, see {log}")
    return process


def _descends(pid: int, ancestor: int) -> bool:
    """Whether `ancestor` is the parent or grandparent: boot.sh runs nspawn, nspawn the host."""
    for _ in range(2):
        fields = _stat(pid)
        if not fields:
            return False
        pid = int(fields[1])
        if pid == ancestor:
            return True
    return False


def container_init(outer: Process) -> Process | None:
    """The first process of the container that `outer` (scripts/boot.sh) keeps running."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        if not _descends(int(entry.name), outer.pid):
            continue
        try:
            status = (entry / "status").read_text()
        except OSError:
            continue
        ids = next((x.split()[1:] for x in status.splitlines() if x.startswith("NSpid:")), [])
        if len(ids) > 1 and ids[-1] == "1":
            return Process.of(int(entry.name))
    return None

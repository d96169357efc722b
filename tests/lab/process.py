"""A process that was started earlier, maybe by another run of the lab: told by id and start time."""

from __future__ import annotations

import os
import signal
import time
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
        end = time.monotonic() + patience
        while self.alive() and time.monotonic() < end:
            time.sleep(0.02)
        return not self.alive()


def container_init(outer: Process) -> Process | None:
    """The first process of the container that `outer` (systemd-nspawn) runs."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        fields = _stat(int(entry.name))
        if not fields or int(fields[1]) != outer.pid:
            continue
        try:
            status = (entry / "status").read_text()
        except OSError:
            continue
        ids = next((x.split()[1:] for x in status.splitlines() if x.startswith("NSpid:")), [])
        if len(ids) > 1 and ids[-1] == "1":
            return Process.of(int(entry.name))
    return None

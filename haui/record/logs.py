"""One log file per host: every output line and what happened around it, with times.

Logs are a convenience: a full disk makes them incomplete, is said once, and never stops a run.
Where lines are missing the log says so when it can be written again.
"""

from __future__ import annotations

import errno
import logging
import os
import stat
from collections.abc import Callable, Iterator
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

_log = logging.getLogger(__name__)

LIMIT_BYTES = 20 << 20
"""A log that would grow over this becomes `<host>.log.1`, in place of an older one."""


class HostLogs:
    """A subscriber of the bus that writes `<folder>/<host>.log`, mode 0600.

    `on_trouble` is told, once, when a log can't be written.
    """

    def __init__(
        self,
        folder: Path,
        *,
        limit_bytes: int = LIMIT_BYTES,
        on_trouble: Callable[[str], None] = _log.warning,
    ) -> None:
        self._folder = folder
        self._limit = limit_bytes
        self._on_trouble = on_trouble
        self._troubled = False
        self._open: dict[str, tuple[int, int]] = {}
        self._gaps: set[str] = set()
        """Hosts whose last lines could not be written, or not to their end."""
        self._cut: set[str] = set()
        """Hosts whose log ends within a line."""

    def __call__(self, event: Event) -> None:
        """Appends what the event says to its host's log; events of no host are ignored."""
        host = getattr(event, "host", None)
        if not isinstance(host, str) or not host or "/" in host:
            return
        text = "".join(f"{event.at}  {line}\n" for line in lines_of(event))
        if not text:
            return
        if host in self._gaps:
            told = f"{event.at}  == lines are missing here: they could not be written\n"
            text = "\n" * (host in self._cut) + told + text
        try:
            self._append(host, text.encode("utf-8", "backslashreplace"))
        except OSError as error:
            self._gaps.add(host)
            self._complain(host, error)
        else:
            self._gaps.discard(host)

    def close(self) -> None:
        """Closes all files."""
        for fd, _ in self._open.values():
            os.close(fd)
        self._open.clear()

    def _append(self, host: str, data: bytes) -> None:
        fd, size = self._open.get(host) or self._begin(host)
        if size and size + len(data) > self._limit:
            fd, size = self._rotate(host, fd)
        written = 0
        while written < len(data):  # a disk that is nearly full takes a part, and then says why
            count = os.write(fd, data[written:])
            written += count
            size += count
            self._open[host] = (fd, size)
            whole = data[:written].endswith(b"\n")
            (self._cut.discard if whole else self._cut.add)(host)

    def _begin(self, host: str) -> tuple[int, int]:
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        # Without O_NONBLOCK a named pipe in its place would be waited for, by the whole run.
        fd = os.open(self._folder / f"{host}.log", flags | os.O_NONBLOCK, 0o600)
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            os.close(fd)
            raise OSError(errno.EINVAL, "it is not a regular file")
        self._open[host] = (fd, info.st_size)
        return self._open[host]

    def _rotate(self, host: str, fd: int) -> tuple[int, int]:
        path = self._folder / f"{host}.log"
        path.replace(path.with_name(f"{host}.log.1"))
        os.close(fd)
        del self._open[host]
        return self._begin(host)

    def _complain(self, host: str, error: OSError) -> None:
        if self._troubled:
            return
        self._troubled = True
        reason = error.strerror or str(error)
        self._on_trouble(
            f"the log of {host} can't be written ({reason}): the run goes on, but the logs in"
            f" {self._folder} are incomplete from here"
        )


def lines_of(event: Event) -> Iterator[str]:
    """The lines of a log for an event: output as it is, `==` before what haui says itself."""
    match event:
        case TaskOutput(step=step, lines=lines):
            for line in lines:
                yield from (f"{step} | {part}" for part in (line.splitlines() or [""]))
        case TaskStarted(step=step, title=title):
            yield f"== {step}: {title or 'looking'}"
        case TaskWaiting(step=step, reason=reason):
            yield f"== {step} waits: {_flat(reason)}"
        case TaskIntent(step=step, attempt=attempt, reattached=reattached):
            verb = "follows attempt" if reattached else "begins attempt"
            yield f"== {step} {verb} {attempt}"
        case TaskRetrying(step=step, lines=lines):
            yield f"== {step} {_flat(event.said)}"
            yield from (f"==   why: {line}" for line in lines.splitlines())
        case TaskDrifted(step=step):
            yield f"== {step} was done and is not any more"
        case TaskFinished():
            yield from _finished(event)
        case HostConnected(fingerprint=fingerprint):
            yield f"== connected {fingerprint}".rstrip()
        case HostLost(reason=reason):
            yield f"== connection lost: {_flat(reason)}"


def _finished(event: TaskFinished) -> Iterator[str]:
    yield f"== {event.step} {event.outcome} after {event.seconds:.1f} s"
    for finding in event.findings:
        evidence = f"expected {finding.expected!r}, seen {finding.seen!r}"
        yield f"==   {finding.verdict}: {_flat(finding.what)} ({evidence})"
    if event.problem is not None:
        for name, text in (
            ("what", event.problem.what),
            ("why", event.problem.why),
            ("fix", event.problem.fix),
        ):
            yield from (f"==   {name}: {line}" for line in text.splitlines())


def _flat(text: str) -> str:
    return " ".join(text.split())

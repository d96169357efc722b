"""The log file of a host read as it grows: its end first, then what is added.

What one call reads is bounded, and of a log that grows faster than it is read the newest part is
taken. A log that is rotated, cut or taken away while it is read is no trouble.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from haui.transport.text import clean_line

LineKind = Literal["output", "mark"]
"""output: what a step printed · mark: what haui says itself, e.g. that a step begins or ends."""

SEED_BYTES = 64 << 10
"""The part of a log that is read first, and the most that one call reads."""
BEHIND_BYTES = 1 << 20
"""From here on what lies between is left out."""

_LOGGED = re.compile(r"(\S+)  (?:== (.*)|([\w.-]+) \| (.*))")
_MARKED = re.compile(r"([\w-]+\.[\w.-]+?):? ")


@dataclass(frozen=True, slots=True)
class Logged:
    """A line of a log file, cleaned. `at` is a stamp; `step` is empty when no step is named, and
    not said again in the text of a mark."""

    at: str
    step: str
    kind: LineKind
    text: str


def parse_line(raw: str) -> Logged | None:
    """A line as `haui.record.logs` writes it; None for another."""
    logged = _LOGGED.fullmatch(clean_line(raw))
    if logged is None:
        return None
    at, mark, step, output = logged.groups()
    if mark is None:
        return Logged(at, step, "output", output)
    if mark.startswith(" "):  # evidence, or what a failure says
        return Logged(at, "", "output", mark)
    named = _MARKED.match(mark)
    return (
        Logged(at, named[1], "mark", mark[named.end() :]) if named else Logged(at, "", "mark", mark)
    )


class LogTail:
    """The lines of the log at `path`. Close it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1
        self._file = (0, 0)
        self._offset = 0
        self._rest = b""
        self._begun = False

    def poll(self) -> tuple[Logged, ...]:
        """At first the log's last lines, later what has been added. Never raises for a bad file."""
        try:
            return tuple(self._read())
        except OSError:
            return ()

    def close(self) -> None:
        """Closes the file; harmless when repeated."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _read(self) -> list[Logged]:
        lines: list[Logged] = []
        if self._fd >= 0:
            lines = self._added()
        try:
            info = self._path.lstat()
        except FileNotFoundError:
            self._begun = True  # what comes later is all new
            return lines
        if self._fd < 0 or (info.st_dev, info.st_ino) != self._file:
            # Rotated: what was added to the old one has just been read.
            self.close()
            self._open()
            lines += self._added()
        return lines

    def _open(self) -> None:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        fd = os.open(self._path, flags)
        info = os.fstat(fd)
        if not stat.S_ISREG(info.st_mode):
            os.close(fd)
            raise OSError("not a regular file")
        self._fd, self._file = fd, (info.st_dev, info.st_ino)
        self._rest = b""
        self._offset = 0
        if not self._begun and info.st_size > SEED_BYTES:
            self._jump(info.st_size - SEED_BYTES)
        self._begun = True

    def _jump(self, offset: int) -> None:
        """Go on at the first line that begins after `offset`."""
        self._offset = offset - 1
        self._rest = b""
        skipped, newline, self._rest = os.pread(self._fd, SEED_BYTES, self._offset).partition(b"\n")
        self._offset += len(skipped) + len(newline) + len(self._rest)

    def _added(self) -> list[Logged]:
        size = os.fstat(self._fd).st_size
        if size < self._offset:
            self._offset, self._rest = 0, b""  # it was cut
        if size - self._offset > BEHIND_BYTES:
            self._jump(size - SEED_BYTES)
        data = os.pread(self._fd, SEED_BYTES, self._offset)
        self._offset += len(data)
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > SEED_BYTES:
            whole, self._rest = [*whole, self._rest], b""
        parsed = (parse_line(line.decode("utf-8", "replace")) for line in whole)
        return [line for line in parsed if line is not None]

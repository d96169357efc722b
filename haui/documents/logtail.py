"""The end of a host's log, without reading the whole of a large file."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_BYTES_A_LINE = 400
"""How much is read for each line that is asked for; a log of longer lines gives fewer of them."""


def tail(path: Path, lines: int, limit_bytes: int | None = None) -> tuple[str, ...]:
    """The last complete lines, at most `lines`; none when there is no such file.

    Raises OSError, also for what is no regular file: a named pipe would be waited for.
    """
    limit = limit_bytes or lines * _BYTES_A_LINE
    try:
        with open(path, "rb", opener=_opened) as file:
            size = file.seek(0, 2)
            start = max(0, size - limit)
            file.seek(start)
            data = file.read(limit)
    except FileNotFoundError:
        return ()
    found = data.decode("utf-8", "backslashreplace").split("\n")
    found = found[1:] if start else found
    if found and not found[-1]:
        found.pop()
    return tuple(found[-lines:])


def _opened(path: str, flags: int) -> int:
    fd = os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "it is not a regular file")
    return fd


def output_of(lines: tuple[str, ...], step: str) -> tuple[str, ...]:
    """What `step` printed, of lines as haui.record.logs writes them (`TIME  STEP | TEXT`)."""
    mark = f"  {step} | "
    return tuple(line.split(mark, 1)[1] for line in lines if mark in line[:200])

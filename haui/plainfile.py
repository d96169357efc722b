"""Reading a file that a person named: never more than was asked for, never waiting for ever.

A name may stand for anything: a pipe that nobody writes to, a disk, a terminal, a file that grows
while it is read. Pipes are read, since `haui apply <(…)` is one, for a bounded time.
"""

from __future__ import annotations

import errno
import os
import select
import stat
import time
from pathlib import Path
from typing import Final

PATIENCE_S = 10.0
"""How long a pipe may take to give all it has, in seconds."""

_NULL: Final = os.makedev(1, 3)
_CHUNK: Final = 1 << 16


def read_at_most(path: Path, limit: int) -> bytes:
    """The first bytes of a file or pipe: all of it, or `limit` + 1 of them when it is longer.

    Raises OSError, whose `strerror` says why: also for folders, devices (but /dev/null) and
    sockets, and for a pipe that is not at its end within `PATIENCE_S`.
    """
    try:
        # Opening some devices does something (a watchdog starts to count): asked before.
        about = path.stat()
        _check(about.st_mode, about.st_rdev)
        # Without O_NONBLOCK a pipe without a writer would hold us here.
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    except ValueError as error:  # a zero byte in the name
        raise OSError(errno.EINVAL, str(error)) from error
    try:
        about = os.fstat(fd)
        _check(about.st_mode, about.st_rdev)
        end = time.monotonic() + PATIENCE_S if stat.S_ISFIFO(about.st_mode) else None
        return _read(fd, limit + 1, end)
    finally:
        os.close(fd)


def _check(mode: int, device: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or (stat.S_ISCHR(mode) and device == _NULL):
        return
    kind = "a socket" if stat.S_ISSOCK(mode) else "a device"
    raise OSError(errno.EINVAL, f"it is {kind}, not a file")


def _read(fd: int, wanted: int, end: float | None) -> bytes:
    """`end` is the moment (of the monotonic clock) until which a pipe is waited for."""
    parts: list[bytes] = []
    missing = wanted
    while missing:
        if end is not None:
            left = end - time.monotonic()
            if left <= 0 or not select.select([fd], [], [], left)[0]:
                raise TimeoutError(errno.ETIMEDOUT, "it is a pipe that does not come to its end")
        try:
            # Of a file all at once, so that it is in memory once.
            chunk = os.read(fd, missing if end is None else min(_CHUNK, missing))
        except BlockingIOError:
            if end is None:  # a file of the kernel's that would wait, such as /proc/kmsg
                raise OSError(errno.EAGAIN, "it gives nothing now") from None
            continue
        if not chunk:
            break
        parts.append(chunk)
        missing -= len(chunk)
    return b"".join(parts)

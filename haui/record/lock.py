"""The lock of a cluster: flock(2) on a file that haui never removes, and on the folder around it.

The kernel frees it however the process ends. The file's text says who holds it, for people only; it
is never what decides. Whoever takes the file for a leftover and removes it still meets the folder's
lock. Only local file systems are sure to keep such locks.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shlex
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType
from typing import Self

from haui.errors import JournalError
from haui.record.journal_file import open_private
from haui.record.stamp import Now, stamp, utc_now

TEXT_LIMIT = 1 << 16
"""Bytes of a lock's text that are read; it has a few hundred."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who holds a lock. `ticks` is the process's start time in clock ticks since boot (proc(5))."""

    pid: int
    host: str
    boot_id: str
    ticks: int
    since: str
    command: str

    def __str__(self) -> str:
        return f"{self.command}, process {self.pid} on {self.host}, since {self.since}"


class Lock:
    """A lock that is held; close it, or end the process."""

    def __init__(self, fd: int, folder: int) -> None:
        self._fd = fd
        self._folder = folder

    @classmethod
    def take(cls, path: Path, *, cluster: str, command: str, now: Now = utc_now) -> Self:
        """Raises JournalError at once when another process holds it, or it can't be written."""
        fd, folder = _open(path), -1
        try:
            _flock(fd, path, cluster)
            folder = _flock_folder(path, cluster)
            owner = Owner(
                pid=os.getpid(),
                host=socket.gethostname(),
                boot_id=_boot_id(),
                ticks=_start_ticks(os.getpid()),
                since=stamp(now()),
                command=command,
            )
            os.ftruncate(fd, 0)
            os.pwrite(fd, json.dumps(asdict(owner)).encode() + b"\n", 0)
        except OSError as error:
            _close(fd, folder)
            raise _unwritable(path, error) from error
        except BaseException:
            _close(fd, folder)
            raise
        return cls(fd, folder)

    def close(self) -> None:
        """Frees the lock; harmless when repeated. That its text stays means nothing."""
        if self._fd >= 0:
            with suppress(OSError):  # a disk that has become read-only must not keep the lock
                os.ftruncate(self._fd, 0)
            _close(self._fd, self._folder)
            self._fd = self._folder = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def owner_of(path: Path) -> Owner | None:
    """Who holds the lock, told without taking it; None when nobody seems to.

    A process of another machine counts as alive, since this one can't know.
    """
    owner = _read_owner(path)
    return owner if owner is not None and _seems_alive(owner) else None


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        return open_private(path, os.O_RDWR)
    except OSError as error:
        raise _unwritable(path, error) from error


def _flock(fd: int, path: Path, cluster: str) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
            raise
        owner = _read_owner(path)
        if owner is not None and not _seems_alive(owner):
            raise JournalError(
                f"a haui that has ended has left a process behind that holds the lock of {cluster}",
                why=f"it was {owner}",
                fix=f"`fuser -v {shlex.quote(str(path))}` shows which process that is; end it, then"
                " try again.",
            ) from error
        raise JournalError(
            f"another haui works on {cluster}",
            why=str(owner) if owner else "it has not said yet who it is",
            fix=f"Watch it with `haui attach {cluster}`, or wait until it ends.",
        ) from error


def _flock_folder(path: Path, cluster: str) -> int:
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno != errno.EWOULDBLOCK:
            return folder  # over NFS only what is open for writing can be locked, see flock(2)
        os.close(folder)
        where = shlex.quote(str(path.parent))
        raise JournalError(
            f"another haui works on {cluster}",
            why=f"{path} was removed while it does, so it can't be told which",
            fix=f"`fuser -v {where}` shows which process that is; wait until it ends, or end it.",
        ) from error
    return folder


def _close(*fds: int) -> None:
    for fd in fds:
        if fd >= 0:
            os.close(fd)


def _seems_alive(owner: Owner) -> bool:
    if owner.host != socket.gethostname():
        return True
    return owner.boot_id == _boot_id() and owner.ticks == _start_ticks(owner.pid)


def _read_owner(path: Path) -> Owner | None:
    """What the text says; None when nobody has ever held it, or the holder is just writing."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        try:
            said = json.loads(os.read(fd, TEXT_LIMIT))
        finally:
            os.close(fd)
        owner = Owner(**said)
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    kinds = {"pid": int, "ticks": int}
    plain = all(
        type(value := getattr(owner, part.name)) is kinds.get(part.name, str)
        and str(value).isprintable()
        for part in fields(owner)
    )
    return owner if plain else None


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _start_ticks(pid: int) -> int:
    """Field 22 of /proc/<pid>/stat, which tells a process from a later one with its number; -1."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return -1
    # The name in parentheses may hold spaces and parentheses itself.
    return int(text.rpartition(")")[2].split()[19])


def _unwritable(path: Path, error: OSError) -> JournalError:
    return JournalError(
        f"{path} can't be locked",
        why=error.strerror or str(error),
        fix="It must be on a writable local disk with room left; HAUI_STATE_DIR names another.",
    )

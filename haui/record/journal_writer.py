"""The thread that writes the journal: group commit, and what happens when the disk refuses.

Everything that waits is written in one go: at once when somebody awaits it, else after the group
time. A full disk cuts the file back to its last good byte and raises in the callers, who may try
again; a failed fdatasync is final, since the kernel may have dropped the pages that it could not
write (fsync(2), errors section).
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from haui.errors import JournalError
from haui.record.records import seal

BACKLOG_BYTES = 1 << 20
"""From here on ordinary records are awaited too, so that a slow disk can't fill the memory."""


@dataclass(frozen=True, slots=True)
class Disk:
    """The system calls of the writer; tests put faults here."""

    write: Callable[[int, bytes], int] = os.write
    sync: Callable[[int], None] = os.fdatasync
    truncate: Callable[[int, int], None] = os.ftruncate


@dataclass(frozen=True, slots=True)
class _Entry:
    seq: int
    body: bytes
    waiter: asyncio.Future[None] | None


class Writer:
    """Appends sealed lines to `fd`, which it owns.

    `good` is the file's length, `crc` its last checksum, `seq` the number of the last record that
    is in the file or on its way; a record that was refused gives its number back.
    """

    def __init__(
        self, path: Path, fd: int, *, good: int, crc: int, seq: int, group_s: float, disk: Disk
    ) -> None:
        self.good = good
        self.crc = crc
        self.seq = seq
        self._written_seq = seq
        self._path = path
        self._fd = fd
        self._group_s = group_s
        self._disk = disk
        self._wake = threading.Condition()
        self._queue: deque[_Entry] = deque()
        self._queued_bytes = 0
        self._kept: list[_Entry] = []  # accepted without a waiter, but not written: disk full
        self._urgent = False
        self._closing = False
        self._last_try = False
        self._failure: JournalError | None = None
        self._fatal = False
        self._thread = threading.Thread(target=self._run, name="haui-journal", daemon=True)

    def start(self) -> None:
        """From here on only the thread writes."""
        self._thread.start()

    def submit(self, seq: int, body: bytes, *, durable: bool) -> asyncio.Future[None]:
        """Queues a record's body (empty: only waits); the future tells when it is on disk.

        An ordinary record's future is done at once, unless the disk is behind or has refused.
        """
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        with self._wake:
            self._refuse_if_ended()
            awaited = durable or self._failure is not None or self._queued_bytes > BACKLOG_BYTES
            self._queue.append(_Entry(seq, body, future if awaited else None))
            self.seq = seq
            self._queued_bytes += len(body)
            self._urgent = self._urgent or awaited
            self._wake.notify()
        if not awaited:
            future.set_result(None)
        return future

    async def close(self) -> None:
        """Writes what is left and closes the file. Raises JournalError when that fails."""
        with self._wake:
            if self._closing:
                return
            self._closing = self._urgent = True
            self._wake.notify()
        await asyncio.to_thread(self._thread.join)
        os.close(self._fd)
        if self._kept and self._failure is not None:
            raise _again(self._failure)

    def put(self, data: bytes) -> JournalError | None:
        """Writes and syncs; after a failure the file is as before, or the journal is finished."""
        try:
            self._check_unchanged()
            self._write_all(data)
        except OSError as error:
            return self._cut_back(error)
        except JournalError as error:
            self._fatal = True
            return error
        try:
            self._disk.sync(self._fd)
        except OSError as error:
            self._fatal = True
            return JournalError(
                f"the disk does not keep {self._path}",
                why=error.strerror or str(error),
                fix="Look for disk errors (dmesg), then `haui resume`.",
            )
        self.good += len(data)
        return None

    def repaired(self, seq: int, crc: int) -> None:
        """Takes over the record that `put` wrote before the thread was started."""
        self.seq = self._written_seq = seq
        self.crc = crc

    def _refuse_if_ended(self) -> None:
        if self._fatal and self._failure is not None:
            raise _again(self._failure)
        if self._closing:
            raise JournalError(f"{self._path} is closed", fix="This is a bug in haui.")

    def _run(self) -> None:
        while batch := self._next_batch():
            error = self._failure if self._fatal else self._write_batch(batch)
            self._answer(batch, error)

    def _next_batch(self) -> list[_Entry]:
        """Waits for records and for their company; empty when the journal closes."""
        with self._wake:
            self._wake.wait_for(lambda: bool(self._queue) or self._closing)
            if not self._urgent:
                self._wake.wait_for(lambda: self._urgent, self._group_s)
            if self._last_try:
                return []
            self._last_try = self._closing
            batch = [*self._kept, *self._queue]
            self._kept = []
            self._queue.clear()
            self._queued_bytes = 0
            self._urgent = self._closing
            return batch

    def _write_batch(self, batch: list[_Entry]) -> JournalError | None:
        lines = []
        crc = self.crc
        for entry in batch:
            if entry.body:
                line, crc = seal(entry.body, crc)
                lines.append(line)
        error = self.put(b"".join(lines)) if lines else None
        if error is None:
            self.crc = crc
            self._written_seq = batch[-1].seq
        return error

    def _write_all(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[self._disk.write(self._fd, bytes(view)) :]

    def _check_unchanged(self) -> None:
        info = os.fstat(self._fd)
        if info.st_nlink == 0:
            what = "deleted"
        elif info.st_size != self.good:
            what = "changed by another program"
        elif not _is_at(self._path, info):
            what = "moved away"
        else:
            return
        raise JournalError(
            f"{self._path} was {what} while haui was running",
            fix="Find out what did it, and put it back. What runs on the hosts goes on;"
            " `haui resume` finds it.",
        )

    def _cut_back(self, error: OSError) -> JournalError:
        try:
            self._disk.truncate(self._fd, self.good)
        except OSError:
            self._fatal = True  # The torn end stays; opening the journal again repairs it.
        return unwritable(self._path, error)

    def _answer(self, batch: list[_Entry], error: JournalError | None) -> None:
        with self._wake:
            self._failure = error
            if error is not None:
                self._kept = [entry for entry in batch if entry.waiter is None]
                left = [*self._kept, *self._queue]
                self.seq = left[-1].seq if left else self._written_seq
        loops: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
        for entry in batch:
            if entry.waiter is not None:
                loops.setdefault(entry.waiter.get_loop(), []).append(entry.waiter)
        for loop, waiters in loops.items():
            try:
                loop.call_soon_threadsafe(_settle, waiters, error)
            except RuntimeError:
                continue  # The loop is closed: nobody waits any more.


def _is_at(path: Path, info: os.stat_result) -> bool:
    """Whether that file still has that name; a resumed run reads what has the name."""
    try:
        return os.path.samestat(path.lstat(), info)
    except OSError:
        return False


def _settle(waiters: list[asyncio.Future[None]], error: JournalError | None) -> None:
    for waiter in waiters:
        if waiter.done():
            continue  # Its caller was cancelled.
        if error is None:
            waiter.set_result(None)
        else:
            waiter.set_exception(_again(error))


def _again(error: JournalError) -> JournalError:
    """A fresh copy, so that each caller gets a traceback of its own."""
    return JournalError(error.what, why=error.why, fix=error.fix)


def unwritable(path: Path, error: OSError) -> JournalError:
    """What to tell when a file of the cluster's folder can't be written."""
    return JournalError(
        f"{path} can't be written",
        why=error.strerror or str(error),
        fix=f"Make room in {path.parent} or make it writable; `haui resume` then goes on."
        " Nothing is lost, and what runs on the hosts goes on meanwhile.",
    )

"""The journal: the append-only record of a cluster's runs, on disk before a host is changed.

`journal_file` reads and checks, `journal_writer` writes; the event loop never waits for a disk.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from haui.errors import JournalError
from haui.record.journal_file import (
    HEADER,
    Contents,
    cut_tail,
    open_private,
    parse,
    read,
    read_all,
)
from haui.record.journal_writer import Disk, Writer, unwritable
from haui.record.records import FORMAT, Record, TailRepaired, body_bytes, encode, to_record
from haui.record.stamp import Now, stamp, utc_now
from haui.wholefile import sync_folder

__all__ = ["Contents", "Disk", "Journal", "read"]

GROUP_S = 0.05
"""The longest time that an ordinary record waits for company."""


class Journal:
    """An open journal; use `create` or `open`, under the cluster's lock.

    `contents` is what the file held when it was opened (after repair).
    """

    def __init__(self, path: Path, contents: Contents, writer: Writer) -> None:
        self.path = path
        self.contents = contents
        self._writer = writer

    @property
    def last_seq(self) -> int:
        """The number of the last record that is in the file or on its way."""
        return self._writer.seq

    @classmethod
    def create(cls, path: Path, *, group_s: float = GROUP_S, disk: Disk | None = None) -> Self:
        """A new journal. Raises JournalError when there is one, or it can't be written."""
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            fd = os.open(path, flags, 0o600)
        except OSError as error:
            raise unwritable(path, error) from error
        return cls._begin(path, fd, parse(b"", path), None, utc_now, group_s, disk)

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        now: Now = utc_now,
        group_s: float = GROUP_S,
        disk: Disk | None = None,
    ) -> Self:
        """An existing journal, its torn end (if any) set aside and the repair recorded.

        Raises JournalError when it is missing, damaged before its end, foreign or unwritable.
        """
        fd = open_private(path, os.O_RDWR | os.O_APPEND)
        try:
            contents = parse(read_all(fd, path), path)
            aside = cut_tail(path, fd, contents) if contents.torn else None
        except OSError as error:
            os.close(fd)
            raise unwritable(path, error) from error
        except BaseException:
            os.close(fd)
            raise
        return cls._begin(path, fd, contents, aside, now, group_s, disk)

    @classmethod
    def _begin(
        cls,
        path: Path,
        fd: int,
        contents: Contents,
        aside: Path | None,
        now: Now,
        group_s: float,
        disk: Disk | None,
    ) -> Self:
        """Completes an empty file, records a repair, and starts the writer, which owns `fd`."""
        good, crc = contents.good_bytes, contents.crc
        seq = contents.last_seq
        writer = Writer(path, fd, good=good, crc=crc, seq=seq, group_s=group_s, disk=disk or Disk())
        journal = cls(path, contents, writer)
        try:
            if good == 0:
                journal._put(HEADER)
                sync_folder(path.parent)
            if aside is not None:
                journal._record_repair(aside, now)
        except OSError as error:
            os.close(fd)
            raise unwritable(path, error) from error
        except JournalError:
            os.close(fd)
            raise
        writer.start()
        return journal

    def _put(self, data: bytes) -> None:
        error = self._writer.put(data)
        if error is not None:
            raise error

    def _record_repair(self, aside: Path, now: Now) -> None:
        cut = len(self.contents.torn)
        event = TailRepaired(seq=self.last_seq + 1, at=stamp(now()), aside=aside.name, bytes=cut)
        record = self._with_format(to_record(event))
        line, crc = encode(record, self._writer.crc)
        self._put(line)
        self._writer.repaired(event.seq, crc)
        records = (*self.contents.records, record)
        self.contents = replace(
            self.contents,
            records=records,
            good_bytes=self._writer.good,
            crc=crc,
            torn=b"",
            torn_why="",
        )

    async def append(self, record: Record, *, durable: bool = False) -> None:
        """Hands a record over; with `durable` returns when it is on disk.

        Raises JournalError when it (or, after a failure, anything before it) can't be written; it
        may be appended again. Raises ValueError when its `seq` does not rise.
        """
        await self.submit(record, durable=durable)

    def submit(self, record: Record, *, durable: bool = False) -> asyncio.Future[None]:
        """As `append`, but the order is fixed when this returns; await the future."""
        if record["seq"] <= self.last_seq:
            raise ValueError(f"record {record['seq']} after record {self.last_seq}")
        body = body_bytes(self._with_format(record))
        return self._writer.submit(record["seq"], body, durable=durable)

    async def flush(self) -> None:
        """Returns when everything handed over is on disk; also how to try again after a failure."""
        await self._writer.submit(self.last_seq, b"", durable=True)

    async def close(self) -> None:
        """Writes what is left and closes the file. Raises JournalError when that fails."""
        await self._writer.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self.close()
        except JournalError:
            if error is None:
                raise

    def _with_format(self, record: Record) -> Record:
        """The first record, and each that begins a run, says which format it is written in."""
        if self.last_seq and record["event"] != "run_started":
            return record
        head = {key: record[key] for key in ("seq", "at", "event")}
        return head | {"format": FORMAT} | record

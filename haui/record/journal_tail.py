"""A journal read as it grows: whole records only, each of them once, in order.

For who watches a run of another process. Nothing is kept but the place and the checksum of the last
record, and what one call reads is bounded. A torn end is left until it is whole or cut off; damage
is what `haui.record.journal_file.read` says it is.
"""

from __future__ import annotations

import os
from pathlib import Path

from haui.events import Event
from haui.record.journal_file import LIMIT_BYTES, checked, open_private, read
from haui.record.records import BadLineError, from_record

CHUNK_BYTES = 1 << 18
"""What one call reads, unless a single record is longer."""


class JournalTail:
    """The records of the journal at `path`, from the first one on. Close it."""

    def __init__(self, path: Path) -> None:
        self.begun_anew = 0
        """How often another file has taken the place of the one that was read."""
        self.more = False
        """Whether there is more to be read at once."""
        self._path = path
        self._fd = -1
        self._file = (0, 0)
        self._stuck = (-1, -1)
        """Size and time of a file whose end was looked at in vain."""
        self._forget()

    def poll(self) -> tuple[Event, ...]:
        """What has been written since the last call; empty while there is no journal.

        Raises JournalError when it is damaged before its end, of another format or not private.
        """
        self.more = False
        try:
            info = self._path.lstat()
        except OSError:
            return ()
        if (info.st_dev, info.st_ino) != self._file or info.st_size < self._good:
            self._open()
        mark = (info.st_size, info.st_mtime_ns)
        if info.st_size == self._good or mark == self._stuck:
            return ()
        if info.st_size > LIMIT_BYTES:
            read(self._path)  # refuses it, and says why
        good = self._good
        events = self._read(info.st_size)
        self._stuck = mark if self._good == good else (-1, -1)
        return events

    def close(self) -> None:
        """Closes the file; harmless when repeated."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _forget(self) -> None:
        self._good = self._crc = 0
        self._last: int | None = None

    def _open(self) -> None:
        if self._fd >= 0:
            self.begun_anew += 1
        self.close()
        self._forget()
        self._fd = open_private(self._path, os.O_RDONLY)
        info = os.fstat(self._fd)
        self._file = (info.st_dev, info.st_ino)

    def _read(self, size: int) -> tuple[Event, ...]:
        room = CHUNK_BYTES
        data = os.pread(self._fd, room, self._good)
        while b"\n" not in data and len(data) == room:
            room *= 2
            data = os.pread(self._fd, room, self._good)
        *lines, _ = data.split(b"\n")
        events = []
        for line in lines:
            comment = line[:1] == b"#" and self._last is None
            try:
                if not comment:
                    record, self._crc = checked(line, self._crc, self._last, self._path)
                    self._last = int(record["seq"])
                    events.append(from_record(record))
            except BadLineError:
                # Torn, or read while it was mended; if it is damage, this says where.
                read(self._path)
                return tuple(events)
            self._good += len(line) + 1
        self.more = len(data) == room and bool(lines) and self._good < size
        return tuple(events)

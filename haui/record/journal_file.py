"""Reading and repairing a journal file: what is intact, what is torn, and what must not be touched.

Only the last write can be torn by a crash, so a bad last line is set aside and cut off. A bad line
anywhere else is damage that haui did not do: it is refused with its number and left as it is.
"""

from __future__ import annotations

import errno
import json
import os
import shlex
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from haui.errors import JournalError
from haui.events import Event
from haui.record.records import FORMAT, BadLineError, Record, decode, from_record, hides_a_record
from haui.wholefile import sync_folder

HEADER = (
    b"# haui journal: one record a line, only ever appended to. It is YAML; each record is JSON.\n"
    b"# Do not edit it: every record carries a checksum of itself and of the one before it.\n"
)
_TITLE = HEADER[: HEADER.index(b":")]

LIMIT_BYTES = 256 << 20
"""A journal is never that long: an install of a hundred hosts puts 1.2 MB on record."""

_READS = 3
"""How often a file that looks damaged is read while it changes under the reader."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a journal file holds.

    `good_bytes` is the length of the intact part, `crc` the checksum of its last record (0 when
    there is none), `torn` the bytes after it and `torn_why` what is wrong with them.
    """

    records: tuple[Record, ...]
    good_bytes: int
    crc: int
    torn: bytes = b""
    torn_why: str = ""

    @property
    def last_seq(self) -> int:
        """The number of the last record; 0 when there is none."""
        return int(self.records[-1]["seq"]) if self.records else 0

    def events(self) -> Iterator[Event]:
        """The records as events, in order."""
        return map(from_record, self.records)


def read(path: Path) -> Contents:
    """The journal at `path`, also while another process writes it: a torn end is left out.

    Raises JournalError when it is missing, damaged before its end, of a newer format, or writable
    by others. Damage counts only when it is there twice: a writer whose disk is full cuts its file
    back and goes on, and who reads meanwhile sees a mixture.
    """
    fd = open_private(path, os.O_RDONLY)
    try:
        data = read_all(fd, path)
        for _ in range(_READS - 1):
            try:
                return parse(data, path)
            except JournalError:
                before, data = data, read_all(fd, path)
                if data == before:
                    raise
        return parse(data, path)
    except OSError as error:
        raise JournalError(
            f"{path} can't be read",
            why=error.strerror or str(error),
            fix="Look for disk errors (dmesg). Nothing has been changed.",
        ) from error
    finally:
        os.close(fd)


def read_all(fd: int, path: Path) -> bytes:
    """The whole file, wherever its offset stands. Raises JournalError when it is no journal's size,
    before it fills the memory. `path` is for messages."""
    if os.fstat(fd).st_size > LIMIT_BYTES:
        raise _too_long(path)
    chunks = []
    offset = 0
    while chunk := os.pread(fd, 1 << 20, offset):
        chunks.append(chunk)
        offset += len(chunk)
        if offset > LIMIT_BYTES:
            raise _too_long(path)
    return b"".join(chunks)


def _too_long(path: Path) -> JournalError:
    file, kept = shlex.quote(str(path)), shlex.quote(f"{path}.old")
    return JournalError(
        f"{path} is longer than any journal: more than {LIMIT_BYTES >> 20} MiB",
        why="haui has not written that; another program or the disk has",
        fix="Nothing has been changed. Look for the cause, then restore it from a backup, or move"
        f" it away (mv {file} {kept}) and run haui again: the hosts are asked what is done.",
    )


def parse(data: bytes, path: Path) -> Contents:
    """Checks every line. `path` is for messages. Raises JournalError as `read` does."""
    *lines, rest = data.split(b"\n")
    if rest:
        lines.append(rest)
    records: list[Record] = []
    good = crc = 0
    for number, line in enumerate(lines, 1):
        is_last = number == len(lines)
        try:
            if is_last and rest:
                raise BadLineError("the line has no end")
            if line[:1] == b"#" and not records:
                _check_comment(line)
            else:
                last = int(records[-1]["seq"]) if records else None
                record, crc = checked(line, crc, last, path)
                records.append(record)
        except BadLineError as error:
            if not records:
                _refuse_foreign(data, good, number, error, path)
            _refuse_unless_torn(data[good:], number, is_last, crc, error, path)
            return Contents(
                records=tuple(records),
                good_bytes=good,
                crc=crc,
                torn=data[good:],
                torn_why=str(error),
            )
        good += len(line) + 1
    return Contents(records=tuple(records), good_bytes=good, crc=crc)


def checked(line: bytes, crc: int, last: int | None, path: Path) -> tuple[Record, int]:
    """The record of a line, and its checksum.

    `crc` is the checksum before it, `last` the number of the record before it (None: it is the
    first one), `path` is for messages. Raises BadLineError, and JournalError for another format.
    """
    first = last is None
    if first:
        _check_format(line, path)
    record, crc = decode(line, crc)
    if last is not None and record["seq"] <= last:
        raise BadLineError(f"record {record['seq']} follows record {last}")
    found = record.get("format", "not told" if first else FORMAT)
    if found != FORMAT:
        raise _other_format(found, path)
    return record, crc


def _check_comment(line: bytes) -> None:
    """A comment is no record, but a damaged one would make the file unreadable as YAML."""
    if not line.isascii() or not line.decode().isprintable():
        raise BadLineError("not text")


def _check_format(line: bytes, path: Path) -> None:
    """Looks at the first record's format before its checksum: another format may have another."""
    try:
        record = json.loads(line[2:])
    except (ValueError, RecursionError):
        return  # Damaged; the checksum says so next.
    found = record.get("format", FORMAT) if isinstance(record, dict) else FORMAT
    if found != FORMAT:
        raise _other_format(found, path)


def _other_format(found: object, path: Path) -> JournalError:
    return JournalError(
        f"{path} was written by another version of haui",
        why=f"its format is {found}, this haui reads format {FORMAT}",
        fix="Use the haui that wrote it, or a newer one. Nothing has been changed.",
    )


def _refuse_foreign(data: bytes, good: int, number: int, error: BadLineError, path: Path) -> None:
    """Without a single record, only the header tells a torn journal from another file."""
    ours = data.startswith(_TITLE) if good else HEADER.startswith(data.rstrip(b"\0"))
    if not ours:
        file, kept = shlex.quote(str(path)), shlex.quote(f"{path}.old")
        raise JournalError(
            f"{path} is not a journal of haui",
            why=f"line {number}: {error}",
            fix=f"Move it away (mv {file} {kept}), then run haui again.",
        )


def _refuse_unless_torn(
    torn: bytes, number: int, is_last: bool, crc: int, error: BadLineError, path: Path
) -> None:
    if is_last and not hides_a_record(torn.removesuffix(b"\n"), crc):
        return
    file, kept = shlex.quote(str(path)), shlex.quote(f"{path}.damaged")
    raise JournalError(
        f"{path} is damaged in line {number}",
        why=str(error),
        fix="Nothing has been changed. Look for the cause (disk, an editor), then restore it from a"
        " backup, or go on from the line before, which is an earlier moment of the same run:\n"
        f"mv {file} {kept} && (umask 077; head -n {number - 1} {kept} > {file})\n"
        "What was done after it is found on the hosts: a resumed run looks at all of them.",
    )


def open_private(path: Path, flags: int) -> int:
    """A file descriptor of a file that only this account can write. Raises JournalError."""
    try:
        # Without O_NONBLOCK a named pipe would be waited for.
        fd = os.open(path, flags | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError as error:
        raise JournalError(f"there is no {path}", fix="`haui list` shows what there is.") from error
    except OSError as error:
        raise JournalError(
            f"{path} can't be opened", why=error.strerror or str(error), fix=_open_fix(error)
        ) from error
    try:
        _check_private(fd, path)
    except BaseException:
        os.close(fd)
        raise
    return fd


def _open_fix(error: OSError) -> str:
    if error.errno == errno.ELOOP:  # what O_NOFOLLOW says of a link, see open(2)
        return "It is a symbolic link; put the file itself there."
    return "Check its owner and mode, and whether the file system is mounted read-only."


def _check_private(fd: int, path: Path) -> None:
    info, file = os.fstat(fd), shlex.quote(str(path))
    if not stat.S_ISREG(info.st_mode):
        raise JournalError(f"{path} is not a regular file", fix=f"Move it away: mv {file} …")
    if info.st_uid != os.geteuid():
        raise JournalError(
            f"{path} belongs to another account (uid {info.st_uid})",
            why=f"haui runs with uid {os.geteuid()}",
            fix="Run haui with the account that started the install, or change the owner (chown).",
        )
    if info.st_mode & 0o022:
        raise JournalError(
            f"{path} can be changed by other accounts",
            why=f"its mode is {stat.S_IMODE(info.st_mode):04o}",
            fix=f"See that nobody changed it, then: chmod 600 {file}",
        )


def cut_tail(path: Path, fd: int, contents: Contents) -> Path:
    """Copies the torn bytes to the first free `journal.yaml.torn-<n>`, then cuts them off."""
    aside, out = _new_aside(path)
    try:
        with os.fdopen(out, "wb") as file:
            file.write(contents.torn)
            file.flush()
            os.fsync(out)
        sync_folder(path.parent)
    except OSError:
        aside.unlink(missing_ok=True)
        raise
    os.ftruncate(fd, contents.good_bytes)
    os.fdatasync(fd)
    return aside


def _new_aside(path: Path) -> tuple[Path, int]:
    number = 1
    while True:
        aside = path.with_name(f"{path.name}.torn-{number}")
        try:
            return aside, os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError:
            number += 1

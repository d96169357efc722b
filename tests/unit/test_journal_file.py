"""Torn ends are repaired, all other damage is refused and left alone."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

import pytest
import yaml

from haui.errors import JournalError
from haui.events import Event, HostConnected, Purpose
from haui.record.journal import Disk, Journal, read
from haui.record.journal_file import HEADER, parse
from haui.record.records import FORMAT, Record, TailRepaired, encode, from_record, to_record
from tests.unit.sample_run import numbered, run_started, sample

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def lines_of(events: list[Event]) -> list[bytes]:
    lines, crc = [], 0
    for event in events:
        record = to_record(event)
        if event.kind == "run_started":
            record = {"seq": 0, "at": "", "event": "", "format": 1} | record
        line, crc = encode(record, crc)
        lines.append(line)
    return lines


SMALL = numbered(run_started(), HostConnected(host="cp1"), HostConnected(host="wk1"))
LINES = lines_of(SMALL)
WHOLE = HEADER + b"".join(LINES)
LAST = len(WHOLE) - len(LINES[-1])
"""Where the last record begins."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.yaml"


def put(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    path.chmod(0o600)
    return path


def content(path: Path) -> bytes:
    return path.read_bytes()


async def reopen(path: Path, sync: Callable[[int], None] = os.fdatasync) -> Journal:
    journal = Journal.open(path, now=lambda: NOW, disk=Disk(sync=sync))
    await journal.close()
    return journal


def test_every_record_is_read_in_order(path: Path) -> None:
    contents = read(put(path, WHOLE))
    assert list(contents.events()) == SMALL
    assert (contents.last_seq, contents.torn) == (3, b"")


def test_the_file_is_yaml(path: Path) -> None:
    events = [event for event in sample() if event.journalled]
    data = HEADER + b"".join(lines_of(events))
    records = [{k: v for k, v in each.items() if k != "crc"} for each in yaml.safe_load(data)]
    assert records == list(parse(data, path).records)
    assert list(map(from_record, records)) == events


async def test_cut_at_every_byte_it_is_repaired(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", lambda fd: None)  # hundreds of them take their time
    monkeypatch.setattr(os, "fdatasync", lambda fd: None)
    for length in range(len(WHOLE)):
        for aside in path.parent.glob("*.torn-*"):
            aside.unlink()
        cut = WHOLE[:length]
        journal = await reopen(put(path, cut), sync=lambda fd: None)
        intact = sum(length >= len(HEADER) + len(b"".join(LINES[: n + 1])) for n in range(3))
        good = HEADER + b"".join(LINES[:intact])
        torn = cut[len(good) :] if length >= len(HEADER) else cut.removeprefix(HEADER[: len(cut)])
        events = list(read(path).events())
        assert events[:intact] == SMALL[:intact]
        repairs = [event for event in events[intact:] if isinstance(event, TailRepaired)]
        assert len(repairs) == len(events) - intact <= 1
        if torn:
            assert (path.parent / repairs[0].aside).read_bytes() == torn
            assert repairs[0].bytes == len(torn)
        assert journal.last_seq == len(events)
        assert len(yaml.safe_load(content(path)) or ()) == len(events)
        again = await reopen(path, sync=lambda fd: None)
        assert list(again.contents.events()) == events, "a repaired journal needs no repair"


def test_reading_only_leaves_a_torn_end_alone(path: Path) -> None:
    put(path, WHOLE[:-5])
    contents = read(path)
    assert list(contents.events()) == SMALL[:2]
    assert contents.torn == WHOLE[LAST:-5]
    assert path.read_bytes() == WHOLE[:-5]


async def test_any_flipped_bit_is_noticed_or_harmless(path: Path) -> None:
    for position in range(len(WHOLE)):
        for bit in range(8):
            data = bytearray(WHOLE)
            data[position] ^= 1 << bit
            spot = f"byte {position} bit {bit}"
            try:
                contents = parse(bytes(data), path)
            except JournalError as error:
                assert error.exit_code == 8, spot
                # A flip that makes a line end splits the last line: the first half is not last.
                assert position < LAST or data[position] == 0x0A, spot
                continue
            if contents.torn:
                assert position >= LAST, f"{spot}: only the last line may be cut off"
                assert list(contents.events()) == SMALL[:2], spot
            else:
                assert position < len(HEADER), f"{spot}: only the header may change unseen"
                assert list(contents.events()) == SMALL, spot
                assert len(yaml.safe_load(bytes(data))) == 3, spot


@pytest.mark.parametrize("line", range(2))
@pytest.mark.parametrize("damage", ["missing", "doubled", "swapped", "emptied"])
def test_lines_are_not_missing_doubled_or_moved(path: Path, line: int, damage: str) -> None:
    lines = list(LINES)
    match damage:
        case "missing":
            del lines[line]
        case "doubled":
            lines.insert(line, lines[line])
        case "swapped":
            lines[line], lines[line + 1] = lines[line + 1], lines[line]
        case _:
            lines[line] = b"\n"
    lines.append(encode({"seq": 9, "at": "", "event": "x"}, 1)[0])  # so that the last is no excuse
    before = HEADER + b"".join(lines)
    put(path, before)
    with pytest.raises(JournalError, match=r"line \d|another version"):
        Journal.open(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_bad_line_in_the_middle_is_named(path: Path) -> None:
    data = WHOLE.replace(b'"host": "cp1"', b'"host": "cp2"')
    put(path, data)
    with pytest.raises(JournalError, match="damaged in line 4") as caught:
        Journal.open(path)
    assert "checksum" in caught.value.why
    assert path.read_bytes() == data


async def test_zeros_at_the_end_are_cut_off(path: Path) -> None:
    await reopen(put(path, WHOLE + bytes(4096)))
    events = list(read(path).events())
    assert events[:3] == SMALL
    assert isinstance(events[3], TailRepaired)
    assert events[3].at == "2026-11-21T00:00:00.000Z"


async def test_each_repair_keeps_its_own_copy(path: Path) -> None:
    put(path, WHOLE + b"- {first")
    await reopen(path)
    put(path, content(path) + b"- {second")
    await reopen(path)
    asides = [path.with_name(f"journal.yaml.torn-{n}") for n in (1, 2)]
    assert [aside.read_bytes() for aside in asides] == [b"- {first", b"- {second"]
    assert [aside.stat().st_mode & 0o777 for aside in asides] == [0o600, 0o600]


@pytest.mark.parametrize("where", ["only", "first", "later"])
def test_another_format_is_refused(path: Path, where: str) -> None:
    head: Record = {"seq": 1, "at": "", "event": "run_started", "format": 1}
    newer: Record = {"seq": 2, "at": "", "event": "run_started", "format": 2}
    records = {
        "only": [newer],
        "first": [newer, {**head, "seq": 3}],
        "later": [head, newer],
    }
    data, crc = HEADER, 0
    for record in records[where]:
        line, crc = encode(record, crc)
        data += line
    put(path, data)
    with pytest.raises(JournalError, match="another version of haui") as caught:
        Journal.open(path)
    assert "format is 2" in caught.value.why
    assert path.read_bytes() == data


def test_another_format_is_told_even_with_other_checksums(path: Path) -> None:
    put(path, HEADER + b'- {"seq": 1, "format": 2, "sha": "0"}\n')
    with pytest.raises(JournalError, match="another version"):
        read(path)


def test_a_new_purpose_of_a_run_is_a_new_format() -> None:
    """An older haui would take its tasks for those of the run before."""
    assert (FORMAT, get_args(Purpose)) == (1, ("apply", "reset"))


def test_a_first_record_without_a_format_is_refused(path: Path) -> None:
    put(path, HEADER + encode({"seq": 1, "at": "", "event": "run_started"}, 0)[0])
    with pytest.raises(JournalError, match="another version"):
        read(path)


@pytest.mark.parametrize("text", [b"hosts: []\n", b"- {}\n- {}\n", b"# notes\nkey: 1"])
def test_a_foreign_file_is_refused(path: Path, text: bytes) -> None:
    put(path, text)
    with pytest.raises(JournalError):
        Journal.open(path)
    assert path.read_bytes() == text


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_change_is_refused(path: Path, mode: int) -> None:
    put(path, WHOLE).chmod(mode)
    with pytest.raises(JournalError, match="can be changed by other accounts") as caught:
        Journal.open(path)
    assert f"chmod 600 {path}" in caught.value.fix


def test_a_file_of_another_account_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(path, WHOLE)
    other = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: other)
    with pytest.raises(JournalError, match="belongs to another account"):
        read(path)


def test_a_symbolic_link_is_refused(path: Path) -> None:
    path.symlink_to(put(path.with_name("real"), WHOLE))
    with pytest.raises(JournalError, match="can't be opened"):
        read(path)


def test_a_missing_or_odd_file_is_told(path: Path) -> None:
    with pytest.raises(JournalError, match="there is no"):
        read(path)
    path.mkdir()
    with pytest.raises(JournalError, match="not a regular file"):
        read(path)

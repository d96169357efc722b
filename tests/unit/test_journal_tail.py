"""A journal that grows is read record by record; nothing that is torn is ever handed out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from haui.errors import JournalError
from haui.events import Event, HostConnected
from haui.record import journal_tail
from haui.record.journal import Journal
from haui.record.journal_file import HEADER
from haui.record.journal_tail import JournalTail
from haui.record.records import Record, TailRepaired, encode, to_record
from tests.unit.sample_run import numbered, run_started, sample

EVENTS = [event for event in sample() if event.journalled]


def lines_of(events: list[Event], crc: int = 0) -> list[bytes]:
    lines = []
    for event in events:
        record: Record = to_record(event)
        if event.kind == "run_started":
            record = {"seq": 0, "at": "", "event": "", "format": 1} | record
        line, crc = encode(record, crc)
        lines.append(line)
    return lines


WHOLE = HEADER + b"".join(lines_of(EVENTS))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.yaml"
    path.touch(0o600)
    return path


def add(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_written_byte_by_byte_each_record_comes_once_and_whole(path: Path) -> None:
    tail = JournalTail(path)
    seen: list[Event] = []
    counts = []
    for index in range(len(WHOLE)):
        add(path, WHOLE[index : index + 1])
        seen += tail.poll()
        counts.append(len(seen))
    assert seen == EVENTS
    ends = [len(HEADER) + len(b"".join(lines_of(EVENTS)[: n + 1])) for n in range(len(EVENTS))]
    assert [counts.index(n + 1) + 1 for n in range(len(EVENTS))] == ends
    assert tail.poll() == ()
    tail.close()
    tail.close()


def test_what_one_call_reads_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_tail, "CHUNK_BYTES", 300)
    add(path, WHOLE)
    tail = JournalTail(path)
    calls: list[tuple[Event, ...]] = []
    while not calls or tail.more:
        calls.append(tail.poll())
    assert [event for call in calls for event in call] == EVENTS
    assert len(calls) > 5


def test_a_record_longer_than_a_call_is_read_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_tail, "CHUNK_BYTES", 32)
    add(path, WHOLE)
    tail = JournalTail(path)
    seen = list(tail.poll())
    while tail.more:
        seen += tail.poll()
    assert seen == EVENTS


def test_a_journal_that_begins_later_is_found(path: Path) -> None:
    path.unlink()
    tail = JournalTail(path)
    assert tail.poll() == ()
    path.touch(0o600)
    assert tail.poll() == ()
    add(path, WHOLE)
    assert list(tail.poll()) == EVENTS


async def test_a_repair_while_it_is_read_is_followed(path: Path) -> None:
    add(path, WHOLE + b'- {"seq": 99, "torn')
    tail = JournalTail(path)
    assert list(tail.poll()) == EVENTS
    assert tail.poll() == ()
    async with Journal.open(path) as journal:
        await journal.append(to_record(HostConnected(seq=90, host="cp1")), durable=True)
        repaired, connected = tail.poll()
    assert isinstance(repaired, TailRepaired)
    assert connected.seq == 90
    assert tail.begun_anew == 0


def test_a_bad_last_line_is_waited_for_and_damage_is_told(path: Path) -> None:
    lines = lines_of(EVENTS)
    broken = lines[3].replace(b"swap", b"swop")
    add(path, HEADER + b"".join(lines[:3]) + broken)
    tail = JournalTail(path)
    assert list(tail.poll()) == EVENTS[:3]
    assert tail.poll() == ()
    add(path, lines[4])
    with pytest.raises(JournalError, match="damaged in line 6"):
        tail.poll()


def test_another_file_in_its_place_is_read_from_its_beginning(path: Path) -> None:
    add(path, WHOLE)
    tail = JournalTail(path)
    tail.poll()
    other = path.with_name("other")
    other.touch(0o600)
    again = numbered(run_started(run="r2"))
    add(other, HEADER + b"".join(lines_of(again)))
    other.replace(path)
    assert list(tail.poll()) == again
    assert tail.begun_anew == 1
    os.truncate(path, 0)
    assert tail.poll() == ()
    add(path, WHOLE)
    assert list(tail.poll()) == EVENTS
    assert tail.begun_anew == 2


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "open to others"])
def test_what_is_no_journal_of_ones_own_is_refused_and_not_waited_for(
    path: Path, kind: str
) -> None:
    path.unlink()
    match kind:
        case "pipe":
            os.mkfifo(path, 0o600)
        case "link":
            path.symlink_to(path.with_name("absent"))
        case "folder":
            path.mkdir()
        case _:
            path.touch()
            path.chmod(0o666)
    with pytest.raises(JournalError):
        JournalTail(path).poll()

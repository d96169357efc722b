"""Events as records and back; records as lines."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from haui.events import Problem, RunFinished, TaskFinished
from haui.record.records import (
    KINDS,
    BadLineError,
    Note,
    Record,
    TailRepaired,
    body_bytes,
    decode,
    encode,
    from_record,
    hides_a_record,
    to_record,
)
from tests.unit.sample_run import sample

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize("event", [e for e in sample() if e.journalled], ids=lambda e: e.kind)
def test_an_event_comes_back_as_it_was(event: TaskFinished) -> None:
    assert from_record(to_record(event)) == event


def test_the_sample_has_every_journalled_kind() -> None:
    assert {event.kind for event in sample() if event.journalled} | {"tail_repaired"} == set(KINDS)


def test_only_integers_and_texts_are_stored() -> None:
    record = to_record(next(e for e in sample() if isinstance(e, RunFinished)))
    assert record["seconds"] == "101.25"
    assert record["counts"] == {"ok": 1, "failed": 1, "skipped": 2}


@given(ANY_TEXT, ANY_TEXT, ANY_TEXT, st.floats(allow_nan=False))
def test_any_text_survives_json_and_yaml(what: str, why: str, fix: str, seconds: float) -> None:
    event = TaskFinished(
        seq=7,
        at="t",
        host="h",
        step="s",
        outcome="failed",
        seconds=seconds,
        problem=Problem(what=what, why=why, fix=fix),
    )
    line, _ = encode(to_record(event), 0)
    record, _ = decode(line[:-1], 0)
    assert from_record(record) == event
    (from_yaml,) = yaml.safe_load(line)
    del from_yaml["crc"]
    assert from_yaml == record
    assert from_record(from_yaml) == event


@given(st.dictionaries(ANY_TEXT.filter(bool), ANY_TEXT | st.integers(), max_size=4))
def test_unknown_parts_survive_yaml_too(parts: dict[str, str | int]) -> None:
    record: Record = {**parts, "seq": 1, "at": "", "event": "of_the_future", "crc": "x"}
    del record["crc"]
    line, _ = encode(record, 0)
    (from_yaml,) = yaml.safe_load(line)
    assert {key: value for key, value in from_yaml.items() if key != "crc"} == record


def test_a_lone_surrogate_is_shown_as_an_escape() -> None:
    event = TaskFinished(
        host="h", step="s", outcome="failed", seconds=0, problem=Problem(what="\udc80")
    )
    line, _ = encode(to_record(event), 0)
    back = from_record(decode(line[:-1], 0)[0])
    assert isinstance(back, TaskFinished)
    assert back.problem == Problem(what="\\udc80")


@pytest.mark.parametrize("value", [1.5, True, None, (1,), b"x", {"deep": [0.1]}])
def test_what_yaml_would_read_differently_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="can't hold"):
        body_bytes({"seq": 1, "at": "", "event": "x", "value": value})


def test_an_unknown_kind_is_kept_whole() -> None:
    record: Record = {"seq": 4, "at": "t", "event": "host_adopted", "host": "h", "ports": [1, 2]}
    note = from_record(record)
    assert note == Note(seq=4, at="t", event="host_adopted", data={"host": "h", "ports": [1, 2]})
    assert to_record(note) == record


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "half"},
        {"seconds": "soon"},
        {"attempt": "two"},
        {"findings": ["text"]},
        {"host": 5},
    ],
    ids=str,
)
def test_a_known_kind_of_another_shape_is_kept_whole(change: Record) -> None:
    finished = next(event for event in sample() if isinstance(event, TaskFinished))
    record = to_record(finished) | change
    note = from_record(record)
    assert isinstance(note, Note)
    assert to_record(note) == record


def test_parts_of_a_newer_minor_version_are_ignored() -> None:
    finished = next(event for event in sample() if isinstance(event, TaskFinished))
    assert from_record(to_record(finished) | {"mood": "good"}) == finished


def test_checksums_are_a_chain() -> None:
    first, crc = encode({"seq": 1, "at": "", "event": "a"}, 0)
    second, _ = encode({"seq": 2, "at": "", "event": "b"}, crc)
    assert decode(second[:-1], crc)[0]["seq"] == 2
    with pytest.raises(BadLineError, match="checksum"):
        decode(second[:-1], 0)
    assert json.loads(first[2:])["crc"] == f"{crc:08x}"


def test_a_record_in_front_of_garbage_is_found() -> None:
    line, _ = encode({"seq": 1, "at": "", "event": "a"}, 0)
    whole = line[:-1]
    assert not hides_a_record(whole, 0)
    assert not hides_a_record(whole + b"\x0b", 0)
    assert hides_a_record(whole + b"\x0b- {}", 0)
    assert not hides_a_record(whole[1:] + b"\x0b- {}", 0)


def test_a_repair_is_an_event() -> None:
    event = TailRepaired(seq=3, at="t", aside="journal.yaml.torn-1", bytes=12)
    assert from_record(to_record(event)) == event
    assert {part.name for part in fields(event)} == {"seq", "at", "aside", "bytes"}

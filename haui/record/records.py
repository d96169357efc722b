"""Events as journal records and back, and a record as one line of the journal file.

A record is a dict of integers, strings, lists and dicts only: JSON booleans, floats and null mean
different things to YAML 1.1 readers (`1e20` is a string to them), so `seconds` is stored as the
text of the float, true as 1, and empty optional parts are left out.

A line is `- {"seq": 17, "at": "…", "event": "…", …, "crc": "…"}`. The CRC-32 (zlib) is taken over
the bytes before `, "crc"`, seeded with the CRC of the line before: a line that is changed, missing,
doubled or moved is found without numbers having to be gapless (unjournalled events take numbers
too).
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, Literal, get_args, get_origin, get_type_hints

from haui.events import AnyEvent, Event, Finding, Problem

Record = dict[str, Any]
"""`seq`, `at` and `event` first, then the event's own parts; without `crc`."""

FORMAT = 1
"""The journal's format. It rises when an older haui would misread what a newer one writes, as with
each new purpose of a run (docs/decisions/0020-reset.md)."""

_TAIL = re.compile(rb', "crc": "([0-9a-f]{8})"}')
_TAIL_BYTES = len(b', "crc": "01234567"}')
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""Characters that are legal in JSON but not in a YAML 1.1 stream, or end a line there."""


class BadLineError(ValueError):
    """A line of the journal is not what was written; the text says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TailRepaired(Event):
    """A torn end of the journal was cut off; `aside` names the file that keeps its bytes."""

    kind: ClassVar[str] = "tail_repaired"
    durable: ClassVar[bool] = True
    aside: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Event):
    """A record that this version does not know, kept as it is: `event` is its kind."""

    kind: ClassVar[str] = "note"
    event: str
    data: Mapping[str, Any] = field(default_factory=dict)


KINDS: Mapping[str, type[Event]] = {
    cls.kind: cls for cls in (*get_args(AnyEvent), TailRepaired) if cls.journalled
}


def to_record(event: Event) -> Record:
    """The event as a record. Raises TypeError for a value that can't be stored."""
    head: Record = {"seq": event.seq, "at": event.at}
    if isinstance(event, Note):
        return head | {"event": event.event} | dict(event.data)
    body = {name: getattr(event, name) for name, _, _ in _parts(type(event))}
    return head | {"event": event.kind} | _pack_dict(body)


def from_record(record: Record) -> Event:
    """The event in a record; one that this version can't read becomes a `Note`."""
    kind = record.get("event")
    cls = KINDS.get(kind) if isinstance(kind, str) else None
    head = {"seq": record["seq"], "at": record.get("at", "")}
    if cls is not None:
        try:
            return cls(**head, **_unpack(cls, record))
        except (TypeError, ValueError, KeyError):
            pass  # A newer minor version gave this kind another shape: keep it, don't guess.
    body = {key: value for key, value in record.items() if key not in ("seq", "at", "event")}
    return Note(**head, event=str(kind), data=body)


def encode(record: Record, previous: int) -> tuple[bytes, int]:
    """The line with its newline, and its CRC for the next one. `previous` is the CRC before."""
    return seal(body_bytes(record), previous)


def body_bytes(record: Record) -> bytes:
    """The part of the line that the CRC covers. Raises TypeError for floats, booleans, null."""
    _refuse_ambiguous(record)
    text = json.dumps(record, ensure_ascii=False)[:-1]
    text = _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return b"- " + text.encode("utf-8", "backslashreplace")


def seal(body: bytes, previous: int) -> tuple[bytes, int]:
    """Closes a body with its CRC: the line, and the CRC."""
    crc = zlib.crc32(body, previous)
    return body + b', "crc": "%08x"}\n' % crc, crc


def decode(line: bytes, previous: int) -> tuple[Record, int]:
    """The record of a line without its newline, and its CRC. Raises BadLineError."""
    body, end = line[:-_TAIL_BYTES], line[-_TAIL_BYTES:]
    tail = _TAIL.fullmatch(end)
    if tail is None:
        raise BadLineError("the line does not end with a checksum")
    crc = zlib.crc32(body, previous)
    if b"%08x" % crc != tail[1]:
        raise BadLineError("the checksum does not match")
    try:
        record = json.loads(body[2:] + b"}")
    except (ValueError, RecursionError) as error:
        raise BadLineError(f"not a record: {error}") from error
    if body[:2] != b"- " or not isinstance(record, dict) or type(record.get("seq")) is not int:
        raise BadLineError("not a record")
    return record, crc


def hides_a_record(line: bytes, previous: int) -> bool:
    """Whether an intact record stands at the start of a bad line, with more than a byte after it.

    Then the damage is at that record's end and not in the last write: the line is no torn tail.
    """
    start = line.find(b', "crc": "')
    while start != -1:
        end = start + _TAIL_BYTES
        if end + 1 < len(line):
            try:
                decode(line[:end], previous)
            except BadLineError:
                pass
            else:
                return True
        start = line.find(b', "crc": "', start + 1)
    return False


def _pack_dict(value: Mapping[str, Any]) -> Record:
    packed = {str(key): _pack(item) for key, item in value.items()}
    return {key: item for key, item in packed.items() if item not in ("", [], None)}


def _pack(value: Any) -> Any:
    """Booleans, floats, None and dataclasses in terms of what a record may hold."""
    match value:
        case dict():
            return _pack_dict(value)
        case list() | tuple():
            return [_pack(item) for item in value]
        case bool():
            return 1 if value else None
        case float():
            return repr(value)
        case str():
            return value.encode("utf-8", "backslashreplace").decode()
        case Finding() | Problem():
            return _pack_dict({part.name: getattr(value, part.name) for part in fields(value)})
        case int() | None:
            return value
    raise TypeError(f"a journal record can't hold a {type(value).__name__}")


def _refuse_ambiguous(value: Any) -> None:
    if isinstance(value, dict):
        for item in value.values():
            _refuse_ambiguous(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_ambiguous(item)
    elif type(value) not in (int, str):
        raise TypeError(f"a journal record can't hold a {type(value).__name__}")


Part = tuple[str, Callable[[Any], Any], bool]
"""Name, reader, and whether it must be there, of one part of an event class."""

_PARTS: dict[type, tuple[Part, ...]] = {}


def _parts(cls: type) -> tuple[Part, ...]:
    if cls not in _PARTS:
        hints = get_type_hints(cls)
        _PARTS[cls] = tuple(
            (
                part.name,
                _reader(hints[part.name]),
                part.default is MISSING and part.default_factory is MISSING,
            )
            for part in fields(cls)
            if part.name not in ("seq", "at")
        )
    return _PARTS[cls]


def _unpack(cls: type, record: Mapping[str, Any]) -> dict[str, Any]:
    """The parts of `cls` in a record. Empty texts and numbers of required parts were left out."""
    out = {}
    for name, read, required in _parts(cls):
        if name in record:
            out[name] = read(record[name])
        elif required:
            out[name] = read(None)
    return out


def _reader(hint: Any) -> Callable[[Any], Any]:
    """A function that turns the stored value of a part into its own type, or raises."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return _literal(frozenset(args))
    if origin is tuple:
        item = _reader(args[0])
        return lambda value: tuple(item(one) for one in _typed(value, list))
    if origin is dict:
        item = _reader(args[1])
        return lambda value: {key: item(one) for key, one in _typed(value, dict).items()}
    if hint == Problem | None:
        return lambda value: _record_of(Problem, value)
    if hint is Finding:
        return lambda value: _record_of(Finding, value)
    if hint is float:
        return float
    if hint is bool:
        return lambda value: bool(_typed(value, int))
    if hint in (str, int):
        return lambda value: _typed(value, hint)
    raise TypeError(f"no reader for {hint}")


def _literal(allowed: frozenset[str]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if value not in allowed:
            raise ValueError(f"unknown value {value!r}")
        return value

    return read


def _typed(value: Any, kind: type) -> Any:
    """The value, checked; None (left out as empty) is the empty value of its type."""
    if value is None and kind is not int:
        return kind()
    if type(value) is not kind:
        raise ValueError(f"not a {kind.__name__}: {value!r}")
    return value


def _record_of(cls: type, value: Any) -> Any:
    return cls(**_unpack(cls, _typed(value, dict)))

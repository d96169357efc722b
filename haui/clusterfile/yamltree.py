"""Reads YAML into plain data and remembers the line of every value; refuses what surprises.

Only the part of YAML that people mean is accepted: maps, lists and scalars, no anchors, aliases,
tags, merge keys or second documents (so that a file can't grow on reading), at most MAX_BYTES and
MAX_NODES. A bare word that YAML versions read differently (`yes`, `0755`, `22:30`) is refused
instead of guessed. Nothing here knows what a cluster is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from haui.clusterfile.problem import Loc, SpecProblem
from haui.printable import brief

MAX_BYTES = 1 << 20
MAX_NODES = 50_000
MAX_DEPTH = 30
MAX_DIRECTIVES = 100

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# The characters that YAML does not allow in a file, apart from what UTF-8 can't hold anyway.
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+)([eE][-+][0-9]+)?")
_WORDS = {"true": True, "false": False, "null": None, "~": None, "": None}
_OTHER_BOOLEANS = frozenset(("yes", "no", "on", "off", "y", "n"))
# Numbers of YAML 1.2, of other readers, or too long for most; YAML 1.1 is asked of PyYAML itself.
_ODD_NUMBER = re.compile(r"[-+]?(0o[0-7_]+|[1-9][0-9]{18,}|[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+)")
_YAML_1_1 = yaml.SafeLoader.yaml_implicit_resolvers
_TEXT_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp")


class Fatal(Exception):
    """Reading ends here: the one problem that stands in the way of all others."""

    def __init__(self, line: int, what: str, example: str = "") -> None:
        super().__init__(what)
        self.problem = SpecProblem(loc=(), what=what, example=example, line=line)


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a value stands: its line, the line of its key, and how a scalar was written."""

    line: int
    key_line: int
    text: str | None = None
    bare: bool = False


@dataclass(slots=True)
class Document:
    """A file's content, where each part stands, and what was odd about the way it is written.

    `notes` say what was changed in it since it was read.
    """

    data: Any
    marks: dict[Loc, Mark] = field(default_factory=dict)
    problems: list[SpecProblem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def line(self, loc: Loc) -> int:
        """The line of a value, or of the nearest part around it that is in the file."""
        for end in range(len(loc), -1, -1):
            mark = self.marks.get(loc[:end])
            if mark is not None:
                return mark.key_line if mark.text is None else mark.line
        return 1

    def text(self, loc: Loc) -> str | None:
        """A scalar as it was written, when it was written without quotes."""
        mark = self.marks.get(loc)
        return mark.text if mark is not None and mark.bare else None


def resolve(text: str) -> tuple[Any, str]:
    """What a bare scalar means, and what is wrong with it (empty when nothing is)."""
    if text.lower() in _WORDS and text in (text.lower(), text.title(), text.upper()):
        return _WORDS[text.lower()], ""
    if text.lower() in _OTHER_BOOLEANS:
        return text, (
            f"{text} is a yes or no to some YAML readers and text to others; "
            "write true or false, or put it in quotes"
        )
    if _INTEGER.fullmatch(text):
        return int(text), ""
    if _FLOAT.fullmatch(text):
        return float(text), ""
    if _ODD_NUMBER.fullmatch(text) or _yaml_1_1_tag(text) not in _TEXT_TAGS:
        return text, f"YAML readers disagree on what {brief(text)} means; put it in quotes"
    return text, ""


def _yaml_1_1_tag(text: str) -> str:
    for tag, pattern in _YAML_1_1.get(text[:1], ()):
        if pattern.match(text):
            return str(tag)
    return _TEXT_TAGS[0]


def is_text(value: str) -> bool:
    """Whether a bare scalar would be read as this very text."""
    meaning, wrong = resolve(value)
    return not wrong and isinstance(meaning, str)


def decode(content: bytes) -> str:
    """The text of a file; raises Fatal when it is too large, not UTF-8, or not text."""
    if len(content) > MAX_BYTES:
        raise Fatal(1, f"is larger than {MAX_BYTES >> 20} MiB, which no cluster file needs")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Fatal(line, f"byte {content[error.start]:#04x} is not UTF-8 text") from None


def read(text: str) -> Document:
    """The document in `text`. Raises Fatal for text that is no YAML, or none of the safe kind."""
    _check_characters(text)
    document = Document(data=None)
    try:
        _Reader(document, yaml.parse(text, Loader=_Loader)).run()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise Fatal(line, f"is not valid YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise Fatal(1, f"is not valid YAML: {' '.join(str(error).split())}") from None
    return document


def _check_characters(text: str) -> None:
    if len(text) > MAX_BYTES:
        raise Fatal(1, f"is larger than {MAX_BYTES >> 20} MiB, which no cluster file needs")
    if text.count("\n%") > MAX_DIRECTIVES:  # each of them is compared with all before it
        raise Fatal(1, f"holds more than {MAX_DIRECTIVES} lines that begin with %")
    for number, line in enumerate(text.split("\n"), 1):
        if "\t" in line[: len(line) - len(line.lstrip())]:
            raise Fatal(number, "a tab in the indentation; YAML wants spaces")
        if odd := _FORBIDDEN.search(line):
            raise Fatal(number, f"holds the control character U+{ord(odd[0]):04X}")


class _Reader:
    """Builds the document from parser events, so that limits hold before anything is built."""

    def __init__(self, document: Document, events: Iterator[Any]) -> None:
        self._document = document
        self._events = events
        self._nodes = 0

    def run(self) -> None:
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise Fatal(_line(event), "a second YAML document; a file says one cluster")
                self._document.data = self._value(next(self._events), (), None)

    def _value(self, event: Any, loc: Loc, key_line: int | None) -> Any:
        self._check(event, loc)
        line = _line(event)
        key_line = key_line or line
        if isinstance(event, yaml.ScalarEvent):
            bare = bool(event.implicit[0])
            self._document.marks[loc] = Mark(line, key_line, event.value, bare)
            if not bare:
                return event.value
            value, wrong = resolve(event.value)
            if wrong:
                self._wrong(loc, line, wrong)
            return value
        self._document.marks[loc] = Mark(line, key_line)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(loc)
        return self._mapping(loc)

    def _check(self, event: Any, loc: Loc) -> None:
        self._nodes += 1
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            raise Fatal(_line(event), "anchors and aliases (& and *) are not accepted here")
        if event.tag is not None and event.tag != "!":
            raise Fatal(_line(event), f"the tag {event.tag[:60]!r} is not accepted here")
        if len(loc) > MAX_DEPTH:
            raise Fatal(_line(event), f"is nested deeper than {MAX_DEPTH} levels")
        if self._nodes > MAX_NODES:
            raise Fatal(_line(event), f"holds more than {MAX_NODES} values")

    def _sequence(self, loc: Loc) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*loc, len(items)), None))
        return items

    def _mapping(self, loc: Loc) -> dict[str, Any]:
        entries: dict[str, Any] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            self._check(event, loc)
            if not isinstance(event, yaml.ScalarEvent):
                raise Fatal(_line(event), "a map or a list can't be a key")
            key, line = event.value, _line(event)
            if event.implicit[0] and key == "<<":
                raise Fatal(line, "merge keys (<<) are not accepted here")
            if key in lines:
                self._wrong((*loc, key), line, f"stands here twice, first in line {lines[key]}")
                self._skip(next(self._events), (*loc, key))
                continue
            lines[key] = line
            entries[key] = self._value(next(self._events), (*loc, key), line)
        return entries

    def _skip(self, event: Any, loc: Loc) -> None:
        """Read past a value that has no place in the data, within the same limits."""
        depth = 0
        while True:
            if isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            else:
                self._check(event, loc)
                depth += isinstance(event, yaml.CollectionStartEvent)
            if depth <= 0:
                return
            if depth > MAX_DEPTH:
                raise Fatal(_line(event), f"is nested deeper than {MAX_DEPTH} levels")
            event = next(self._events)

    def _wrong(self, loc: Loc, line: int, what: str) -> None:
        self._document.problems.append(SpecProblem(loc=loc, what=what, line=line))


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1

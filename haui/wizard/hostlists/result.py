"""What every reader of a host list hands back, and the limits that all of them keep.

Text comes from a clipboard or a file, so it may be anything. A reader never raises: what it can't
use becomes a `NotUnderstood`, and what it can use is kept whatever stands around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from haui.secret import MASK
from haui.transport.text import clean_line
from haui.wizard.hostlists.roll import Host, Roll

MAX_CHARS = 1 << 19
MAX_LINES = 10_000
MAX_LINE = 4000
"""The largest text, most lines and longest line (characters) that are read."""

MAX_HOSTS = 1000
"""How many hosts one list, or one range, may give."""

MAX_ROWS = 5 * MAX_HOSTS
"""How many rows all ranges of a list may give, those of wrong and repeated lines included."""

_SHOWN, _SENTENCE = 120, 400
_BREAK = re.compile(r"\r\n|\n|\r")
_PASSWORD = re.compile(r"(?i)((?:pass|passwd|password|passphrase|secret)[\"']?\s*[=:]\s*)(\S+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotUnderstood:
    """A line that gave no host. `line` counts from 1; 0 when the text has no such line.

    `text` is the line without control characters and passwords, at most 120 characters; `why` a
    sentence with the rule; `example` a line that would be right, or empty.
    """

    line: int
    text: str
    why: str
    example: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostList:
    """The hosts of a list in its order, each one once.

    A host has the shape of an entry of `hosts` in the cluster file, with only those keys that were
    said: name, address, roles, labels, ssh, interface, fingerprint. `notes` are sentences about
    what was left out or read in a special way.
    """

    hosts: tuple[Mapping[str, Any], ...] = ()
    rejected: tuple[NotUnderstood, ...] = ()
    notes: tuple[str, ...] = ()


class Complaint(Exception):
    """A broken rule, and the line where it is known (else 0)."""

    def __init__(self, why: str, example: str = "", line: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.example = example
        self.line = line


class Unreadable(Complaint):
    """A line, or the whole text, breaks a rule; readers turn it into a NotUnderstood."""


class Full(Complaint):
    """The list is too long; nothing after this line is read."""


def cleaned(text: str, limit: int = _SHOWN) -> str:
    """One line that is safe to show: no escapes, controls, direction marks or passwords."""
    line = clean_line(_PASSWORD.sub(rf"\g<1>{MASK}", text[:MAX_LINE]), None)
    line = "".join(
        char if char.isprintable() else " " if char.isspace() else "\ufffd" for char in line
    ).strip()
    return line if len(line) <= limit else line[: limit - 1] + "…"


def lines_of(text: str) -> list[str]:
    """The lines of a text. Raises Unreadable when it is larger than any host list."""
    if len(text) > MAX_CHARS:
        raise Unreadable(
            f"the text has {len(text)} characters; a host list has at most {MAX_CHARS}"
        )
    lines = _BREAK.split(text.removeprefix("\ufeff"))
    if len(lines) > MAX_LINES:
        raise Unreadable(f"the text has {len(lines)} lines; a host list has at most {MAX_LINES}")
    return lines


class Gathering:
    """Collects what a reader finds."""

    def __init__(self) -> None:
        self._roll = Roll()
        self._first_line: dict[int, int] = {}
        self._rejected: list[NotUnderstood] = []
        self._notes: dict[str, None] = {}
        self._rows = 0

    def spend(self, line: int, rows: int) -> None:
        """Counts what a line's ranges give. Raises Full above MAX_ROWS."""
        self._rows += rows - 1
        if self._rows > MAX_ROWS:
            raise Full(
                "the ranges of this list give too many hosts; the rest is not read", line=line
            )

    def add(self, line: int, hosts: Sequence[Host]) -> None:
        """Takes the hosts of one line. Raises Full when they are too many."""
        if len(self._roll) + len(hosts) > MAX_HOSTS:
            raise Full(
                f"a list gives at most {MAX_HOSTS} hosts; from here it is not read", line=line
            )
        for host in hosts:
            index = self._roll.put(host)
            first = self._first_line.setdefault(index, line)
            if first != line:
                which = host.get("name") or host.get("address")
                self.note(
                    f"line {line}: {which} stands in line {first} already; the later line wins"
                )

    def reject(self, line: int, text: str, problem: Complaint) -> None:
        """Keeps a line that was not understood."""
        self._rejected.append(
            NotUnderstood(
                line=problem.line or line,
                text=cleaned(text),
                why=cleaned(problem.why, _SENTENCE),
                example=cleaned(problem.example, _SENTENCE),
            )
        )

    def note(self, text: str) -> None:
        """Keeps a sentence, once."""
        self._notes[cleaned(text, _SENTENCE)] = None

    def result(self) -> HostList:
        """Everything found so far."""
        for name in self._roll.robbed():
            self.note(f"{name} has no address: a later line gives it to another host")
        rejected = sorted(self._rejected, key=lambda item: item.line)
        return HostList(
            hosts=self._roll.hosts(), rejected=tuple(rejected), notes=tuple(self._notes)
        )


def gather(text: str, read: Callable[[Gathering, list[str]], None]) -> HostList:
    """Runs a reader over the lines of a text; one NotUnderstood when the text can't be read."""
    found = Gathering()
    lines = [text[:MAX_LINE].partition("\n")[0]]
    try:
        lines = lines_of(text)
        read(found, lines)
    except Complaint as problem:
        found.reject(1, lines[min(max(problem.line, 1), len(lines)) - 1], problem)
    result = found.result()
    if "\x00" in text and not result.hosts:
        found = Gathering()
        found.reject(1, text[:_SHOWN], Unreadable("this is binary data, not a list of hosts"))
        return found.result()
    return result

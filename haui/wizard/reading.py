"""What there is to read on the review page, without what it takes to make it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Tab = Literal["phases", "hosts", "files", "commands", "answers"]
TABS: tuple[tuple[Tab, str], ...] = (
    ("phases", "By phase"),
    ("hosts", "By host"),
    ("files", "Files"),
    ("commands", "Commands"),
    ("answers", "Answers"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing to read: its name in the list under `head`, and its lines.

    `numbered` lines are those of a file or script, as they are; others are prose and may be
    wrapped. `hosts` are those that it is on.
    """

    label: str
    lines: tuple[str, ...]
    head: str = ""
    note: str = ""
    hosts: tuple[str, ...] = ()
    numbered: bool = False
    headings: frozenset[str] = frozenset()
    """The lines that are headings of the prose."""
    marked: bool = False
    """Whether users of the host would notice it, or it needs a look for another reason."""


def hosts_text(hosts: Sequence[str], of: int) -> str:
    """Names, as long as they are few; `of` is how many hosts there are."""
    if len(hosts) == of > 1:
        return f"all {of}"
    return " ".join(hosts) if len(hosts) <= 3 else f"{len(hosts)} hosts"


def chosen(entries: Sequence[Entry], sought: str) -> tuple[Entry, ...]:
    """The entries in whose name or lines `sought` is; case counts only when a capital is sought."""
    if not sought:
        return tuple(entries)
    if sought != sought.lower():
        return tuple(e for e in entries if any(sought in text for text in (e.label, *e.lines)))
    return tuple(e for e in entries if any(sought in t.lower() for t in (e.label, *e.lines)))

"""A problem of a cluster file as data, with the place where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from haui.printable import printable

Loc = tuple[str | int, ...]
"""Keys and list positions from the top of the file to a value: ("hosts", 2, "address")."""

_LONGEST = 120


def path_text(loc: Loc) -> str:
    """`hosts[2].address`; keys that hold dots or slashes stand in brackets.

    A key may be anything that somebody has written: it is shown printable, and not all of a long
    one.
    """
    out = ""
    for part in loc:
        text = printable(str(part) if len(str(part)) <= _LONGEST else f"{part}"[:_LONGEST] + "…")
        plain = isinstance(part, str) and text.replace("_", "").replace("-", "").isalnum()
        if not plain:
            out += f"[{text}]"
        else:
            out += f".{text}" if out else text
    return out or "the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecProblem:
    """What is wrong at one place. `line` counts from 1; 0 when there is no file."""

    loc: Loc
    what: str
    example: str = ""
    line: int = 0

    @property
    def path(self) -> str:
        return path_text(self.loc)

    def __str__(self) -> str:
        """Path, what and example on one line, without the line number."""
        example = f" (right: {self.example})" if self.example else ""
        return f"{self.path}: {self.what}{example}"

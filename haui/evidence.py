"""What hosts have said about themselves: readings of one run, and the facts in them. Pure data.

A reading is what a step's probe printed on one host. One that holds facts has lines
`KEY<TAB>VALUE`; a key that stands several times has several values. Nothing in a reading can be
trusted: it is text of a host.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

from haui.host import Completed

T = TypeVar("T")
About = TypeVar("About")

VALUE_CHARS = 4096
"""A longer value of a fact is cut."""
KEY_VALUES = 4096
"""More values of one fact are left out."""
END = "end"
"""The key of the last line: what comes without it was cut off."""


class Facts:
    """The facts of a reading. Asking for one that is absent or malformed never raises."""

    def __init__(self, text: str = "") -> None:
        self._values: dict[str, list[str]] = {}
        # Not splitlines: it knows ten more breaks, after which a value would go on as a fact.
        for line in text.split("\n"):
            key, tab, value = line.partition("\t")
            values = self._values.get(key)
            if values is None:
                if tab:
                    self._values[key] = [value.strip()[:VALUE_CHARS]]
            elif tab and len(values) < KEY_VALUES:
                values.append(value.strip()[:VALUE_CHARS])

    @property
    def complete(self) -> bool:
        """Whether the reading came to its end."""
        return END in self._values

    def one(self, key: str) -> str | None:
        """The first value; None when there is none, or it is empty."""
        return next((value for value in self._values.get(key, ()) if value), None)

    def all(self, key: str) -> tuple[str, ...]:
        """Every value that is not empty, in order."""
        return tuple(value for value in self._values.get(key, ()) if value)

    def rows(self, key: str, width: int) -> tuple[tuple[str, ...], ...]:
        """The values as rows of `width` blank-separated fields; the last takes the rest of its
        line, and shorter rows are left out."""
        rows = (tuple(value.split(None, width - 1)) for value in self.all(key))
        return tuple(row for row in rows if len(row) == width)

    def number(self, key: str) -> float | None:
        """The first value as a finite number; None when it is none."""
        try:
            number = float(self.one(key) or "")
        except ValueError:
            return None
        return number if math.isfinite(number) else None

    def count(self, key: str) -> int | None:
        """The first value as a whole number; None when it is none."""
        number = self.number(key)
        return int(number) if number is not None else None

    def yes(self, key: str) -> bool | None:
        """Whether the first value is `yes`; None when it is neither `yes` nor `no`."""
        return {"yes": True, "no": False}.get(self.one(key) or "")

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._values)


@dataclass(frozen=True)
class Reading:
    """One script's answer. `asked` and `answered`: this machine's clock around it, in seconds since
    the epoch, 0 when unknown. `noise` is what the login printed before the script began."""

    text: str
    status: int = 0
    stderr: str = ""
    asked: float = 0.0
    answered: float = 0.0
    noise: str = ""

    @cached_property
    def facts(self) -> Facts:
        return Facts(self.text)


@dataclass(slots=True)
class Evidence:
    """The readings of a run: step id -> host -> reading. Filled as the run goes on."""

    readings: dict[str, dict[str, Reading]] = field(default_factory=dict)
    _derived: dict[str, dict[object, tuple[object, object]]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def keep(self, step: str, host: str, reading: Reading) -> None:
        """Keep a reading; a newer one takes the place of the one before."""
        self.readings.setdefault(step, {})[host] = reading
        self._derived.pop(step, None)

    def of(self, step: str) -> Mapping[str, Reading]:
        """The readings of that step so far, by host."""
        return self.readings.get(step, {})

    def reading(self, step: str, host: str) -> Reading | None:
        """One reading; None when there is none."""
        return self.of(step).get(host)

    def derive(
        self, step: str, about: About, make: Callable[[About, Mapping[str, Reading]], T]
    ) -> T:
        """What `make` works out from all readings of that step and `about`: worked out once, until
        another reading of the step is kept or another `about` comes. What compares every host with
        all others costs the fleet once, and not each of its hosts."""
        known = self._derived.setdefault(step, {})
        last = known.get(make)
        if last is None or last[0] is not about:
            last = known[make] = (about, make(about, self.of(step)))
        return last[1]  # type: ignore[return-value]


def reading_of(answer: Completed) -> Reading:
    """A script's answer as a reading."""
    return Reading(
        text=answer.stdout,
        status=answer.status,
        stderr=answer.stderr,
        asked=answer.asked,
        answered=answer.answered,
        noise=answer.noise,
    )


def facts_text(facts: Iterable[tuple[str, str]]) -> str:
    """The text of a complete reading with these facts; tabs and breaks in values become blanks."""
    lines = [f"{key}\t{' '.join(value.split())}\n" for key, value in facts]
    return "".join((*lines, f"{END}\tok\n"))

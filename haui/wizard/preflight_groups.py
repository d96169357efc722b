"""The findings of a preflight by what mends them, on all the hosts that have them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from haui.wizard.pages import PageId
from haui.wizard.preflight import LOGIN, WEIGHTS, Check, Column, HostReport, Weight, one_line

if TYPE_CHECKING:
    from haui.events import FixKind

_PLACE: Final = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[\w.-]+)(?::| port )\d+\b")
_EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The checks that one thing would mend, on all the hosts that have it."""

    id: str
    what: str
    weight: Weight
    evidence: str
    why: str
    fix: str
    fix_kind: FixKind
    fix_with: str
    override: str
    by: str
    column: Column
    page: PageId | None
    overridable: bool
    hosts: tuple[str, ...]
    """`overridable`: it blocks and may be let pass, or that may be taken back."""

    @property
    def command(self) -> str:
        """What mends it when it is run as root on the hosts; empty when no one command does."""
        return self.fix_with if self.fix_kind == "command" else ""


def groups_of(reports: Iterable[HostReport]) -> tuple[Group, ...]:
    """By fix, the heaviest first, then those that most hosts have."""
    found: dict[tuple[str, ...], list[Check]] = {}
    for report in reports:
        for check in report.checks:
            found.setdefault(_key(check), []).append(check)
    groups = [_group(checks) for checks in found.values()]
    return tuple(sorted(groups, key=lambda g: (WEIGHTS.index(g.weight), -len(g.hosts))))


def _key(check: Check) -> tuple[str, ...]:
    """What is the same for all checks of a group; where a login failed is not."""
    if check.id == LOGIN:
        return (check.id, check.weight, _anywhere(check.what))
    if check.weight == "ok":
        return (check.id, check.weight)
    if check.weight == "skipped":
        return (check.id, check.weight, check.seen)
    return (check.id, check.what, check.weight, check.fix, check.fix_with, check.override)


def _anywhere(text: str) -> str:
    return _PLACE.sub("the host", text)


def _group(checks: list[Check]) -> Group:
    first = checks[0]
    several = len(checks) > 1 and first.id == LOGIN
    return Group(
        id=first.id,
        what=_anywhere(first.what) if several else first.what,
        weight=first.weight,
        evidence=_evidence(checks),
        why=first.why,
        fix=first.fix,
        fix_kind=first.fix_kind,
        fix_with=first.fix_with,
        override=first.override,
        by=first.by,
        column=first.column,
        page=first.page,
        overridable=first.overridable and first.weight in ("blocks", "overridden"),
        hosts=tuple(dict.fromkeys(check.host for check in checks)),
    )


def _evidence(checks: list[Check]) -> str:
    """What was seen: once when it is the same everywhere, else by host."""
    first = checks[0]
    told = first.expected and first.weight not in ("ok", "skipped")
    asked = f", asked for: {first.expected}" if told else ""
    seen = list(dict.fromkeys(check.seen for check in checks if check.seen))
    if len(seen) < 2:
        return f"{seen[0]}{asked}" if seen else asked.removeprefix(", ")
    shown = [f"{check.host}: {one_line(check.seen)}" for check in checks if check.seen]
    more = f" · and {len(shown) - _EXAMPLES} more" if len(shown) > _EXAMPLES else ""
    return " · ".join(shown[:_EXAMPLES]) + more + asked

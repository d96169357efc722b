"""What the preflight of an install has found, for its report: what to remember when all is done."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from haui.documents.markdown import table
from haui.events import PreflightResult
from haui.record.state import RunState

_MOST_SEEN = 3
"""Hosts whose evidence is told where it differs."""


def looked(state: RunState) -> Iterator[str]:
    """The section, as blocks of Markdown; nothing when there is nothing to remember."""
    found = [result for by_check in state.preflight.values() for result in by_check.values()]
    blocks = [result for result in found if result.verdict in ("blocked", "differs")]
    passed = [result for result in found if result.override]
    warns = [
        result
        for result in found
        if result.verdict == "warning" and not result.override and result.fix_kind != "haui"
    ]
    skipped = sum(result.verdict == "skipped" for result in found)
    if not (blocks or passed or warns or skipped):
        return
    yield "## Preflight"
    yield _summary(len(blocks), len(passed), len(warns), skipped)
    if blocks:
        yield "In the way:"
        yield _table(blocks)
    if passed:
        yield "Let pass, though it would have stopped the install:"
        yield table(
            ("finding", "hosts", "seen", "reason", "by"),
            [
                (_titled(group), _hosts(group), _seen(group), group[0].override, group[0].by or "?")
                for group in _groups(passed)
            ],
        )
    if warns:
        yield "Worth a second look:"
        yield _table(warns)


def _summary(blocks: int, passed: int, warns: int, skipped: int) -> str:
    parts = [
        f"{number} {one if number == 1 else more}"
        for number, one, more in (
            (blocks, "finding blocks", "findings block"),
            (passed, "was let pass", "were let pass"),
            (warns, "warning", "warnings"),
            (skipped, "check was skipped", "checks were skipped"),
        )
        if number
    ]
    return ", ".join(parts) + "."


def _table(found: Iterable[PreflightResult]) -> str:
    return table(
        ("finding", "hosts", "seen", "what to do"),
        [(_titled(each), _hosts(each), _seen(each), each[0].fix) for each in _groups(found)],
    )


def _groups(found: Iterable[PreflightResult]) -> list[list[PreflightResult]]:
    """By what mends them, in the order in which they were found."""
    groups: dict[tuple[str, ...], list[PreflightResult]] = {}
    for each in found:
        key = (each.check, each.fix, each.override, each.by)
        groups.setdefault(key, []).append(each)
    return list(groups.values())


def _titled(group: Sequence[PreflightResult]) -> str:
    first = group[0]
    return f"{first.title} ({first.check})" if first.title else first.check


def _hosts(group: Sequence[PreflightResult]) -> str:
    return ", ".join(each.host for each in group)


def _seen(group: Sequence[PreflightResult]) -> str:
    """Once when it is the same everywhere, else by host."""
    seen = list(dict.fromkeys(each.seen for each in group if each.seen))
    if len(seen) < 2:
        return seen[0] if seen else ""
    shown = [f"{each.host}: {each.seen}" for each in group[:_MOST_SEEN]]
    more = f" · and {len(group) - _MOST_SEEN} more" if len(group) > _MOST_SEEN else ""
    return " · ".join(shown) + more

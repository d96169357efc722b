"""Bars, durations and ranges of time as text: pure, and of a width that is known before."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content

from screens.glyphs import TONES, Glyphs, Tone

_REST = "$rule"


def bar(done: int, total: int, width: int, glyphs: Glyphs, tone: Tone = "accent") -> Content:
    """A bar of exactly `width` columns, in steps of half a column; empty when nothing is counted.

    It is full only when everything is done, and not empty when anything is.
    """
    if width < 1:
        return Content("")
    halves = 0 if total < 1 else min(max(done, 0), total) * 2 * width // total
    halves = max(halves, 1) if done > 0 and total > 0 else halves
    full, half = divmod(halves, 2)
    left = width - full - half
    if glyphs.ascii:
        full += half and not full
        return Content.assemble(("=" * full, TONES[tone]), ("-" * (width - full), _REST))
    return Content.assemble(
        (glyphs.stroke * full + "╸" * half, TONES[tone]), (glyphs.stroke * left, _REST)
    )


def counted(done: int, total: int) -> str:
    """`9/19`, as wide as it will ever be for that total."""
    return f"{done}/{total}".rjust(2 * len(str(total)) + 1)


def span_text(seconds: float) -> str:
    """`35 s`, `1 m 04 s`, `2 h 05 m`: at most eight columns until a hundred hours."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    return f"{whole // 3600} h {whole // 60 % 60:02d} m"


def range_text(low: float, high: float) -> str:
    """A span of seconds in whole minutes, `4–6 m`; `1 m` when both ends are the same."""
    first, last = round(low / 60), max(1, -(-int(high) // 60))
    if last <= 1:
        return "1 m"
    return f"{last} m" if first >= last else f"{max(first, 1)}–{last} m"


def seconds_of(stamp: str) -> float | None:
    """The stamp as seconds since 1970; None when it is no stamp."""
    try:
        moment = datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return moment.timestamp() if moment.tzinfo else None

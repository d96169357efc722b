"""Times for people: durations, moments, and how long a group of tasks was at work."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from haui.record.state import TaskView


def duration(seconds: float) -> str:
    """`35.2 s`, `1 m 04 s`, `2 h 05 m`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} m"


def when(at: str) -> str:
    """`2026-11-21 10:51 UTC` of an ISO 8601 stamp; a question mark when it is none."""
    moment = _moment(at)
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "?"


def busy_seconds(views: Iterable[TaskView]) -> float:
    """How long at least one of the tasks was at work: pauses between sessions do not count.

    A task that ended at `since` began `seconds` before; one without a moment counts for itself.
    """
    spans, total = [], 0.0
    for view in views:
        end = _moment(view.since) if view.seconds else None
        if end is None:
            total += view.seconds
        else:
            spans.append((end.timestamp() - view.seconds, end.timestamp()))
    reached = float("-inf")
    for begin, end_s in sorted(spans):
        total += max(0.0, end_s - max(begin, reached))
        reached = max(reached, end_s)
    return total


def _moment(at: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)

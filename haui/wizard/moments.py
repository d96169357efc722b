"""Moments as people say them: `14 min ago`, `in 361 d`. Pure; the clock is an argument."""

from __future__ import annotations

from datetime import UTC, datetime

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def moment_of(at: str) -> datetime | None:
    """The moment of an ISO 8601 stamp, aware of its zone; None when it is none."""
    try:
        found = datetime.fromisoformat(at)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def ago(at: str, now: datetime) -> str:
    """How long ago a stamp was: `just now`, `14 min ago`, `3 h ago`, `yesterday`, `12 days ago`.

    The clock may have been set back since: a stamp of later than now is `later than this clock`.
    Empty when it is no stamp.
    """
    moment = moment_of(at)
    if moment is None:
        return ""
    seconds = (now - moment).total_seconds()
    if seconds < -_MINUTE:
        return "later than this clock"
    if seconds < _MINUTE:
        return "just now"
    if seconds < _HOUR:
        return f"{seconds // _MINUTE:.0f} min ago"
    if seconds < _DAY:
        return f"{seconds // _HOUR:.0f} h ago"
    days = seconds // _DAY
    return "yesterday" if days < 2 else f"{days:.0f} days ago"


def days_left(end: datetime, now: datetime) -> int:
    """Whole days until `end`; negative when it is over."""
    return (end - now).days


def clock(at: str, now: datetime) -> str:
    """`10:43` on this machine's clock for a stamp of today, else `2026-11-20`; empty for none."""
    moment = moment_of(at)
    if moment is None:
        return ""
    local = moment.astimezone()
    same_day = local.date() == now.astimezone().date()
    return f"{local:%H:%M}" if same_day else f"{local:%Y-%m-%d}"

"""Wall-clock time as it is written down: UTC, ISO 8601, milliseconds, `Z`.

Durations never come from here: the wall clock jumps; the monotonic one is `haui.execution.clock`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo

Now = Callable[[], datetime]
"""Tells the time, aware of its zone. Injected, so that tests decide what time it is."""


def utc_now() -> datetime:
    """The machine's wall clock in UTC."""
    return datetime.now(UTC)


def stamp(moment: datetime) -> str:
    """`2026-11-21T10:51:02.123Z`."""
    utc = moment.astimezone(UTC).replace(tzinfo=None)
    return utc.isoformat(timespec="milliseconds") + "Z"


def clock_face(at: str, zone: tzinfo | None = None) -> str:
    """`10:51:02` of a stamp, in `zone` (None: the machine's own); dashes when it is no stamp."""
    try:
        return datetime.fromisoformat(at).astimezone(zone).strftime("%H:%M:%S")
    except ValueError:
        return "--:--:--"

"""What the checks of packages and images share."""

from __future__ import annotations

from collections.abc import Sequence

STEP = "preflight.supply"

CUT_OFF = "the host did not come to the end of its look at packages and images"
NO_APT = "the host has no apt; only that is looked at"


def some(items: Sequence[str], most: int = 6) -> str:
    """Items in one line, not too many."""
    more = f", and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more

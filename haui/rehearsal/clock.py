"""The time of a simulated fleet."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class FleetClock(Protocol):
    """The wall clock of the fleet, replaceable by tests."""

    def now(self) -> float:
        """Seconds since the epoch."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class WallClock:
    """The machine's clock; saved states make sense across processes with it."""

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

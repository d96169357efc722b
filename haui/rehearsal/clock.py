"""The time of a simulated fleet, and how fast it runs."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Tempo:
    """How fast simulated time runs. `speed` 0 or less: everything takes no time."""

    speed: float = 1.0

    def take(self, seconds: float) -> float:
        """Real seconds for `seconds` of simulated work."""
        return seconds / self.speed if self.speed > 0 else 0.0

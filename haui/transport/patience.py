"""How long and how often a host that went away is dialled again."""

from __future__ import annotations

from collections.abc import Callable

from haui.execution.clock import Clock

PAUSE_S, LONGEST_PAUSE_S = 0.5, 30.0
SHORTEST_PAUSE_S = 0.05
MOMENT_S = 5.0
GOOD_WHILE_S = 90.0
"""Longer than any try to connect takes: who fails only now had been connected."""


class Patience:
    """Counts down from the first failure; progress, or a good while without one, resets it.

    Pauses grow exponentially up to 30 s with full jitter, so that a hundred clients of a host that
    comes back do not knock at the same moment. `random` gives numbers in [0, 1).
    """

    def __init__(self, seconds: float, clock: Clock, random: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._random = random
        self._failures = 0
        self._until = 0.0
        self._paused_at = 0.0

    def progress(self) -> None:
        """Something worked: the next failure is a first one again.

        Not when it failed a moment ago: a host that says a word and closes the connection, again
        and again, must not be dialled for ever.
        """
        if self._clock.monotonic() - self._paused_at > MOMENT_S:
            self._failures = 0

    async def pause(self) -> bool:
        """Wait before the next try; False, at once, when the patience is used up."""
        now = self._clock.monotonic()
        if now - self._paused_at > GOOD_WHILE_S:
            self._failures = 0
        if self._failures == 0:
            self._until = now + self._seconds
        if now >= self._until:
            return False
        longest = min(LONGEST_PAUSE_S, PAUSE_S * 2 ** min(self._failures, 10))
        self._failures += 1
        pause = max(SHORTEST_PAUSE_S, longest * self._random())
        await self._clock.sleep(min(pause, self._until - now))
        self._paused_at = self._clock.monotonic()
        return True

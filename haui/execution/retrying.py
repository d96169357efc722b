"""How often a task is tried again by itself, and how that is told.

One budget for all that a task does in one session: its changes and the values that it asks other
hosts for. A person's decision (`retry`, `haui resume`) is a new turn with a new budget.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from haui.execution.clock import Clock
from haui.execution.controls import Controls
from haui.execution.transient import RETRIES
from haui.execution.voice import Voice


class Retries:
    """The tries of one task: one, and at most `RETRIES` more."""

    def __init__(self, voice: Voice, controls: Controls, clock: Clock) -> None:
        self._voice = voice
        self._controls = controls
        self._clock = clock
        self._used = 0

    @property
    def left(self) -> bool:
        """Whether it may be tried again."""
        return self._used < RETRIES

    async def again(
        self, reason: str, pauses_s: Sequence[float] = (), *, attempt: int = 0, lines: str = ""
    ) -> bool:
        """Tell that it is tried again, and wait as long as that takes; False when it is enough.

        `pauses_s` are those before each of the tries. Raises CancelledError when the run is being
        stopped.
        """
        if not self.left:
            return False
        if self._controls.stopping:
            raise asyncio.CancelledError
        pause = pauses_s[self._used] if pauses_s else 0.0
        self._used += 1
        await self._voice.retrying(
            number=self._used + 1,
            of=RETRIES + 1,
            reason=reason,
            pause_s=pause,
            attempt=attempt,
            lines=lines,
        )
        if pause:
            await self._clock.sleep(pause)
        return True

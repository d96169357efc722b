"""What the admin can do to a live run: pause, go on, stop soon, stop now.

The methods are called from the event loop that runs the executor (by key bindings or a signal
handler) and return at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Literal

Level = Literal["run", "pause", "stop", "stop-now"]


class Controls:
    """The state that the executor asks before each step.

    - pause: steps that have begun to change a host finish, no other begins, until `resume`;
    - stop: the same, and then the run ends; what only waits or looks is given up;
    - stop-now: steps that are changing a host are cancelled on that host, too.
    """

    def __init__(self) -> None:
        self._level: Level = "run"
        self._open = asyncio.Event()
        self._open.set()
        self._watchers: list[Callable[[], None]] = []

    @property
    def level(self) -> Level:
        return self._level

    @property
    def paused(self) -> bool:
        return self._level == "pause"

    @property
    def stopping(self) -> bool:
        return self._level in ("stop", "stop-now")

    @property
    def stopping_now(self) -> bool:
        return self._level == "stop-now"

    def pause(self) -> None:
        """Let nothing new begin. Does nothing to a run that is stopping."""
        if self._level == "run":
            self._level = "pause"
            self._open.clear()

    def resume(self) -> None:
        """Go on after a pause. A stop can't be taken back."""
        if self._level == "pause":
            self._level = "run"
            self._open.set()

    def stop(self) -> None:
        """End the run when the steps that are changing a host have finished."""
        if not self.stopping:
            self._set("stop")

    def stop_now(self) -> None:
        """End the run and cancel, on the hosts, the steps that are changing them."""
        if not self.stopping_now:
            self._set("stop-now")

    def watch(self, stopped: Callable[[], None]) -> None:
        """Have `stopped` called at each stop and stop-now."""
        self._watchers.append(stopped)

    async def proceed(self) -> bool:
        """Wait while paused; whether a new step may begin."""
        await self._open.wait()
        return not self.stopping

    def _set(self, level: Level) -> None:
        self._level = level
        self._open.set()
        for stopped in self._watchers:
            stopped()

"""A sink for the lines of a task."""

from __future__ import annotations

import asyncio


class Lines:
    """Collects lines and tells when one has come."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self._changed = asyncio.Event()

    async def __call__(self, lines: tuple[str, ...]) -> None:
        self.all += lines
        self._changed.set()

    async def until(self, text: str) -> None:
        """Returns once that line is there; TimeoutError after 20 s."""
        async with asyncio.timeout(20):
            while text not in self.all:
                self._changed.clear()
                await self._changed.wait()

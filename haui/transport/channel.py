"""One exec on a connection: bytes both ways, held back where a side does not read; its status."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import asyncssh

from haui.errors import ConnectionLostError
from haui.transport.text import clean_line

_READ_HIGH, _READ_LOW = 1 << 19, 1 << 17
_PIECE = 128
"""Bytes that a waiting piece of output takes beside its content: many small ones count, too."""
_SIGNALS = {"HUP": 1, "INT": 2, "QUIT": 3, "ABRT": 6, "KILL": 9, "SEGV": 11, "PIPE": 13, "TERM": 15}


class Channel(asyncssh.SSHClientSession[bytes]):
    """One exec. Output arrives in the order in which the host sent it, stdout and stderr mixed."""

    def __init__(self, host: str, released: Callable[[Channel], None]) -> None:
        self._host = host
        self._released = released
        self._chan: asyncssh.SSHClientChannel[bytes] | None = None
        self._chunks: deque[tuple[bool, bytes]] = deque()
        self._size = 0
        self._paused = False
        self._changed = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._status: int | None = None
        self._ended = False
        self._reason = ""

    async def receive(self) -> tuple[bool, bytes] | None:
        """The next piece of output, as (is it stderr, bytes); None at the end."""
        while not self._chunks:
            if self._ended:
                return None
            self._changed.clear()
            await self._changed.wait()
        is_err, data = self._chunks.popleft()
        self._size -= len(data) + _PIECE
        if self._paused and self._size < _READ_LOW and self._chan:
            self._paused = False
            self._chan.resume_reading()
        return is_err, data

    async def send(self, data: bytes, *, last: bool = False) -> None:
        """Write to standard input; `last` closes it. Waits while the host does not read."""
        assert self._chan is not None
        try:
            for start in range(0, len(data), 1 << 18):
                self._chan.write(data[start : start + (1 << 18)])
                await self._writable.wait()
            if last:
                self._chan.write_eof()
        except (OSError, asyncssh.Error):
            # The command ended before it read everything: its status tells the story.
            return

    def status(self) -> int:
        """The exit status, after the end. Raises ConnectionLostError when the host never told."""
        if self._status is None:
            raise ConnectionLostError(
                "the connection broke while a command ran",
                why=self._reason or "the host did not tell the command's exit status",
                fix="its result is unknown; haui asks the host again when it is back",
                host=self._host,
            )
        return self._status

    def close(self) -> None:
        """Close the channel. What runs on the host is not stopped by this."""
        if self._chan is not None:
            self._chan.close()

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        self._chan = chan

    def data_received(self, data: bytes, datatype: int | None) -> None:
        is_err = datatype is not None
        self._chunks.append((is_err, data))
        self._size += len(data) + _PIECE
        self._changed.set()
        if self._size > _READ_HIGH and not self._paused and self._chan:
            self._paused = True
            self._chan.pause_reading()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def eof_received(self) -> bool:
        return True  # keep our side open until the exit status has come

    def exit_status_received(self, status: int) -> None:
        self._status = status

    def exit_signal_received(self, signal: str, core_dumped: bool, msg: str, lang: str) -> None:
        self._status = 128 + _SIGNALS.get(signal, 9)

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended = True
        self._reason = clean_line(str(exc)) if exc else ""
        self._writable.set()
        self._changed.set()
        self._released(self)

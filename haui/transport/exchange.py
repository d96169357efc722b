"""The conversation of one exec: wait for the sentinel, send the script, collect, within bounds."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Protocol

from haui.transport.launch import Launch
from haui.transport.text import clean_line

STDERR_LIMIT = 1 << 18
NOISE_FLOOD = 1 << 20
"""Bytes before the sentinel after which a login is not listened to any more."""
STDERR_FLOOD = 16 << 20
"""The same for a script's standard error, of which only the end is kept."""
_INLINE = 1 << 17

Sink = Callable[[bytes], Awaitable[None]]


class ExecChannel(Protocol):
    """What haui.transport.channel.Channel offers."""

    async def receive(self) -> tuple[bool, bytes] | None: ...

    async def send(self, data: bytes, *, last: bool = False) -> None: ...

    def status(self) -> int: ...


class FloodError(Exception):
    """What the host prints beside the output does not come to an end."""


async def exchange(
    channel: ExecChannel, launch: Launch, payload: bytes, sink: Sink, last: bool
) -> bytes:
    """Lead one exec to its end; returns the script's stderr (its last part when it is long)."""
    stderr, beside = bytearray(), 0
    sending: asyncio.Task[None] | None = None
    try:
        while (piece := await channel.receive()) is not None:
            is_err, data = piece
            if is_err or not launch.started:
                beside += len(data)
                if beside > (STDERR_FLOOD if launch.started else NOISE_FLOOD):
                    raise FloodError
            if launch.started:
                if is_err:
                    stderr.extend(data)
                    del stderr[:-STDERR_LIMIT]
                else:
                    await sink(data)
            elif is_err:
                reply = launch.stderr(data)
                if reply or launch.refused:
                    await channel.send(reply, last=launch.refused)
            else:
                rest = launch.stdout(data)
                if launch.started and len(payload) <= _INLINE:
                    await channel.send(payload, last=last)
                elif launch.started:
                    sending = asyncio.create_task(channel.send(payload, last=last))
                if rest:
                    await sink(rest)
    finally:
        if sending is not None:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending
    return bytes(stderr)


def last_lines(stderr: bytes, count: int = 6) -> str:
    lines = (clean_line(line).strip() for line in stderr.decode(errors="replace").split("\n"))
    return "\n".join([line for line in lines if line][-count:])

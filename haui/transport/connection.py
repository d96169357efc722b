"""One logged-in connection: the look at the host key, its channels, and what is said of its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncssh

from haui.errors import ConnectionLostError
from haui.transport.channel import Channel
from haui.transport.hostkeys import HostKey, Verdict
from haui.transport.login import Target
from haui.transport.text import clean_line

CHANNELS = 6
"""Open channels per connection, below sshd's MaxSessions 10."""
REFUSED_PAUSES_S = (0.05, 0.2, 0.5)
"""sshd counts a session for a moment after its end: when none of ours is left, a refused one is
tried again after these."""
WINDOW = 1 << 20

Tunnel = asyncssh.SSHClientConnection


def host_key_of(key: asyncssh.SSHKey) -> HostKey:
    """The key as it is judged."""
    return HostKey(key.get_algorithm(), key.public_data)


class Gate(asyncssh.SSHClient):
    """Looks at the host key before anything is sent, and hears of the end of the connection."""

    def __init__(self, judge: Callable[[HostKey], Verdict], accept_new: bool) -> None:
        self._judge = judge
        self._accept_new = accept_new
        self.verdict: Verdict | None = None
        self.lost = False
        self.reason = ""
        self.logged_in = False

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        verdict = self._judge(host_key_of(key))
        self.verdict = verdict
        new = verdict.judgement == "unknown" and self._accept_new
        return verdict.judgement == "trusted" or new

    def auth_completed(self) -> None:
        self.logged_in = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self.reason = clean_line(str(exc)) if exc else "the host closed the connection"


class Connection:
    """One logged-in connection."""

    def __init__(self, target: Target, raw: asyncssh.SSHClientConnection, gate: Gate) -> None:
        self.target = target
        self._raw = raw
        self._gate = gate
        self._slots = asyncio.Semaphore(CHANNELS)
        self._open: set[Channel] = set()
        self._freed = asyncio.Event()

    @property
    def fingerprint(self) -> str:
        return self._gate.verdict.shown.fingerprint if self._gate.verdict else ""

    @property
    def alive(self) -> bool:
        return not self._gate.lost

    @property
    def lost_reason(self) -> str:
        return self._gate.reason

    @asynccontextmanager
    async def exec(self, command: str) -> AsyncIterator[Channel]:
        """Run a command; the channel is closed on leaving.

        Raises ConnectionLostError when the connection is or goes away.
        """
        await self._slots.acquire()
        channel = Channel(self.target.name, self._released)
        try:
            await self._start(channel, command)
        except BaseException:
            if channel not in self._open:
                self._slots.release()
            raise
        try:
            yield channel
        finally:
            channel.close()

    async def _start(self, channel: Channel, command: str) -> None:
        pauses = iter(REFUSED_PAUSES_S)
        while True:
            self._freed.clear()
            try:
                self._open.add(channel)
                await self._raw.create_session(
                    lambda: channel, command, encoding=None, window=WINDOW
                )
                return
            except (OSError, asyncssh.Error) as error:
                self._open.discard(channel)
                refused = isinstance(error, asyncssh.ChannelOpenError)
                pause = next(pauses, None) if not self._open else 0.0
                if not self.alive or not refused or pause is None:
                    self._freed.set()  # who waits for this one tries, too
                    raise self._no_channel(error) from error
            # The server allows fewer sessions than usual: wait until one of ours has ended.
            if pause:
                self._freed.set()
                await asyncio.sleep(pause)
            else:
                await self._freed.wait()

    def _no_channel(self, error: Exception) -> ConnectionLostError:
        return ConnectionLostError(
            "the connection is gone" if not self.alive else "the host opens no session",
            why=self.lost_reason or clean_line(str(error)),
            fix="see the host's sshd log (MaxSessions, ForceCommand)" if self.alive else "",
            host=self.target.name,
        )

    def _released(self, channel: Channel) -> None:
        if channel in self._open:
            self._open.discard(channel)
            self._slots.release()
        self._freed.set()

    async def close(self) -> None:
        """Close it; commands that run are not stopped."""
        self._gate.lost = True
        self._raw.abort()
        with contextlib.suppress(OSError, asyncssh.Error):
            await self._raw.wait_closed()

    def as_tunnel(self) -> Tunnel:
        """For connections through this host."""
        return self._raw

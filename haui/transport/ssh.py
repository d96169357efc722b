"""The SSH client: connections with checked host keys, and exec channels that carry bytes.

Only this module and the simulated fleet know asyncssh. Every failure leaves as a `ConnectError`:
`TransientError` and `ConnectionLostError` may go away by themselves, the others need a person.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

import asyncssh

from haui.errors import ConnectError, ConnectionLostError, HostKeyError
from haui.transport.credentials import Credentials
from haui.transport.hostkeys import FAMILIES, HostKey, HostKeys, Verdict, refusal
from haui.transport.login import (
    CONNECT_TIMEOUT_S,
    BusyError,
    Login,
    Target,
    TransientError,
)
from haui.transport.text import clean_line
from haui.transport.translate import translate

__all__ = ["AskKey", "BusyError", "Channel", "Connection", "SshPool", "Target", "TransientError"]

LOGINS, LOGINS_BEHIND_JUMP = 25, 8
"""How many logins run at once. sshd drops connections at random from the tenth unauthenticated one
(sshd_config MaxStartups 10:30:100), which matters where all go through one jump host."""
LOGINS_AT_ONE_DOOR = 8
"""The same for hosts that are reached at one address and port."""
CHANNELS = 6
"""Open channels per connection, below sshd's MaxSessions 10."""
REFUSED_PAUSES_S = (0.05, 0.2, 0.5)
"""sshd counts a session for a moment after its end: when none of ours is left, a refused one is
tried again after these."""
WINDOW = 1 << 20
_READ_HIGH, _READ_LOW = 1 << 19, 1 << 17
_PIECE = 128
"""Bytes that a waiting piece of output takes beside its content: many small ones count, too."""
_SIGNALS = {"HUP": 1, "INT": 2, "QUIT": 3, "ABRT": 6, "KILL": 9, "SEGV": 11, "PIPE": 13, "TERM": 15}

Tunnel = asyncssh.SSHClientConnection
AskKey = Callable[[str, HostKey], Awaitable[bool]]
"""Asks a person whether the unknown key of that host is the right one."""


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


class Connection:
    """One logged-in connection."""

    def __init__(self, target: Target, raw: asyncssh.SSHClientConnection, gate: _Gate) -> None:
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


def _host_key(key: asyncssh.SSHKey) -> HostKey:
    return HostKey(key.get_algorithm(), key.public_data)


class _Gate(asyncssh.SSHClient):
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
        verdict = self._judge(_host_key(key))
        self.verdict = verdict
        new = verdict.judgement == "unknown" and self._accept_new
        return verdict.judgement == "trusted" or new

    def auth_completed(self) -> None:
        self.logged_in = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost = True
        self.reason = clean_line(str(exc)) if exc else "the host closed the connection"


class SshPool:
    """Dials hosts: limits logins, loads keys once, shares the connection to the jump host."""

    def __init__(
        self,
        credentials: Credentials,
        keys: HostKeys,
        *,
        jump: Target | None = None,
        accept_new: bool = False,
        ask: AskKey | None = None,
    ) -> None:
        self._login = Login(credentials)
        self._keys = keys
        self._jump_target = jump
        self._accept_new = accept_new
        self._ask = ask
        self._asking, self._pinning = asyncio.Lock(), asyncio.Lock()
        self._limit = asyncio.Semaphore(LOGINS_BEHIND_JUMP if jump else LOGINS)
        self._doors: dict[tuple[str, int], asyncio.Semaphore] = {}
        self._jump: Connection | None = None
        self._jump_lock = asyncio.Lock()
        self._jump_refusal: ConnectError | None = None

    async def dial(self, target: Target) -> Connection:
        """Connect, check the host key, log in.

        Raises HostKeyError, TransientError (not reachable now) or ConnectError.
        """
        async with self._door(target), self._limit:
            tunnel = await self._tunnel()
            return await self._connect(target, tunnel)

    async def host_key(self, target: Target) -> Verdict:
        """The host's key and what it means, without logging in. Raises ConnectError."""
        async with self._door(target), self._limit:
            tunnel = await self._tunnel()
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    key = await asyncssh.get_server_host_key(
                        target.address,
                        target.port,
                        tunnel=tunnel or (),
                        config=None,
                        server_host_key_algs=self._keys.algorithms(target.address, target.port),
                    )
            except (OSError, TimeoutError, asyncssh.Error) as error:
                raise translate(error, target) from error
        if key is None:
            raise ConnectError("the host shows no host key", host=target.name)
        return self._judge(target, _host_key(key))

    async def close(self) -> None:
        """Close the connection to the jump host and forget the keys."""
        if self._jump is not None:
            await self._jump.close()
            self._jump = None
        self._login.close()

    def _door(self, target: Target) -> asyncio.Semaphore:
        """Several hosts may share an sshd's address: a gateway that forwards ports does not."""
        place = (target.address, target.port)
        return self._doors.setdefault(place, asyncio.Semaphore(LOGINS_AT_ONE_DOOR))

    def _judge(self, target: Target, key: HostKey) -> Verdict:
        return self._keys.judge(target.address, target.port, key, target.fingerprint)

    async def _tunnel(self) -> Tunnel | None:
        if self._jump_target is None:
            return None
        async with self._jump_lock:
            if self._jump_refusal is not None:
                raise self._jump_refusal
            if self._jump is None or not self._jump.alive:
                try:
                    self._jump = await self._connect(self._jump_target, None)
                except TransientError:
                    raise
                except ConnectError as refusal:
                    # A wrong password is tried once, not once for every host behind.
                    self._jump_refusal = refusal
                    raise
            return self._jump.as_tunnel()

    async def _connect(self, target: Target, tunnel: Tunnel | None) -> Connection:
        offers: list[Sequence[str]] = [self._keys.algorithms(target.address, target.port)]
        if target.fingerprint:
            # A fingerprint does not say of what type its key is: try the others before refusing.
            offers += FAMILIES
        refused: HostKeyError | None = None
        for offer in offers:
            try:
                return await self._attempt(target, tunnel, offer)
            except HostKeyError as error:
                refused = refused or error
        raise refused or HostKeyError("the host shows no host key", host=target.name)

    async def _attempt(
        self, target: Target, tunnel: Tunnel | None, offer: Sequence[str]
    ) -> Connection:
        options = await self._login.options(target)
        gate = _Gate(lambda key: self._judge(target, key), self._accept_new)
        try:
            raw = await asyncssh.connect(
                target.address,
                target.port,
                tunnel=tunnel or (),
                config=None,
                options=options,
                client_factory=lambda: gate,
                server_host_key_algs=list(offer),
            )
        except (OSError, TimeoutError, asyncssh.Error, ValueError) as error:
            denied = isinstance(error, asyncssh.PermissionDenied)
            if denied and await self._login.retyped(target, options):
                return await self._attempt(target, tunnel, offer)
            if await self._settle(target, gate.verdict):
                return await self._attempt(target, tunnel, offer)
            if gate.verdict is None and offer in FAMILIES:
                raise HostKeyError("no key of that type", host=target.name) from error
            raise translate(error, target) from error
        await self._settle(target, gate.verdict)
        return Connection(target, raw, gate)

    async def _settle(self, target: Target, verdict: Verdict | None) -> bool:
        """Pin an accepted key, refuse a bad one; True when a person has just accepted it."""
        if verdict is None or verdict.judgement == "trusted":
            return False
        if verdict.judgement == "unknown":
            if self._accept_new:
                await self._pin(target, verdict.shown)
                return False
            async with self._asking:
                if self._ask and await self._ask(target.name, verdict.shown):
                    await self._pin(target, verdict.shown)
                    return True
        raise refusal(verdict, target.name, target.where)

    async def _pin(self, target: Target, key: HostKey) -> None:
        async with self._pinning:
            try:
                await asyncio.to_thread(self._keys.pin, target.address, target.port, key)
            except OSError as error:
                raise ConnectError(
                    "the accepted host key can't be written down",
                    why=str(error),
                    fix="free disk space or correct the permissions of haui's state folder",
                    host=target.name,
                ) from error

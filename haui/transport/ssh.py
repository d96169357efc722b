"""The SSH client: how hosts are dialled, and how many at once.

What comes of it is a haui.transport.connection, an exec on that a haui.transport.channel. Every
failure leaves as a `ConnectError`: `TransientError` and `ConnectionLostError` may go away by
themselves, the others need a person.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import asyncssh

from haui.errors import ConnectError, HostKeyError
from haui.transport.connection import Connection, Gate, Tunnel, host_key_of
from haui.transport.credentials import Credentials
from haui.transport.hostkeys import FAMILIES, HostKey, HostKeys, Verdict, refusal
from haui.transport.login import CONNECT_TIMEOUT_S, Login, Target, TransientError
from haui.transport.translate import translate

LOGINS, LOGINS_BEHIND_JUMP = 25, 8
"""How many logins run at once. sshd drops connections at random from the tenth unauthenticated one
(sshd_config MaxStartups 10:30:100), which matters where all go through one jump host."""
LOGINS_AT_ONE_DOOR = 8
"""The same for hosts that are reached at one address and port."""
AskKey = Callable[[str, HostKey], Awaitable[bool]]
"""Asks a person whether the unknown key of that host is the right one."""


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
        return self._judge(target, host_key_of(key))

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
        gate = Gate(lambda key: self._judge(target, key), self._accept_new)
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

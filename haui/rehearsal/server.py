"""One simulated host on the network: its port, keys, saved state and connections.

What a host answers is decided by haui.rehearsal.host, and haui.rehearsal.session sends it; here
connections are let in, states saved, and connections cut when the model says so.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import asyncssh

from haui.errors import UsageError
from haui.rehearsal.answer import Answer, Follow
from haui.rehearsal.clock import FleetClock
from haui.rehearsal.host import SimulatedHost
from haui.rehearsal.hostile import Endless, spoiled
from haui.rehearsal.session import Session
from haui.rehearsal.task import HostState
from haui.spec import HostSpec, HostSsh
from haui.transport.wire import Envelope

LOOPBACK = "127.0.0.1"
CHEAP_CIPHERS = ("aes128-gcm@openssh.com",)
"""What a simulated host offers: of all ciphers, this one costs this machine least."""


class HostServer:
    """The listening side of one host: port, keys, connections, saved state."""

    def __init__(
        self, host: SimulatedHost, folder: Path, clock: FleetClock, sudo_password: str | None
    ) -> None:
        self.host = host
        self.clock = clock
        self.sudo_password = sudo_password
        self.port = 0
        self._folder = folder
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._user = ""
        self._client: asyncssh.SSHKey | None = None
        self._key: asyncssh.SSHKey | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, user: str, client: asyncssh.SSHKey) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._user, self._client = user, client.convert_to_public()
        self._key = _host_key(self._folder / "ssh_host_ed25519_key")
        self.host.state = _load_state(self._folder / "state.json")
        self.host.begin()
        await self._listen_again()
        if "unreachable" in self.host.state.since:
            self._close_port()

    async def stop(self) -> None:
        self._close_port()
        for task in tuple(self._tasks):
            task.cancel()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def described(self, host: HostSpec) -> HostSpec:
        """The host's entry with this server's endpoint."""
        assert self._key is not None
        ssh = HostSsh(port=self.port, address=LOOPBACK)
        return host.model_copy(update={"ssh": ssh, "fingerprint": self._key.get_fingerprint()})

    async def _listen(self) -> None:
        assert self._key is not None
        key = self._key
        if self.host.shows_other_key():
            key = asyncssh.generate_private_key("ssh-ed25519")
        self._acceptor = await asyncssh.listen(
            LOOPBACK,
            self.port,
            server_factory=lambda: _Connection(self),
            server_host_keys=[key],
            config=None,
            password_auth=False,
            kbdint_auth=False,
            gss_host=None,
            allow_pty=False,
            agent_forwarding=False,
            encoding=None,
            compression_algs=None,
            encryption_algs=CHEAP_CIPHERS,
            login_timeout=30,
            backlog=128,
        )
        self.port = self._acceptor.get_port()

    async def _listen_again(self) -> None:
        """On the port of the last time when it is free: clients may have pinned the key to it."""
        note = self._folder / "port"
        try:
            self.port = int(note.read_text())
            await self._listen()
        except (OSError, ValueError):
            self.port = 0
            await self._listen()
        write_whole(note, str(self.port).encode())

    def _close_port(self) -> None:
        if self._acceptor is not None:
            self._acceptor.close()
            self._acceptor = None

    # ---- what connections ask -------------------------------------------------------------------

    def joined(self, connection: asyncssh.SSHServerConnection) -> None:
        now = self.clock.now()
        if self.host.tick(now):
            self.save()
            self.cut()
        if self.host.is_down(now):
            connection.abort()
        else:
            self._connections.add(connection)

    def left(self, connection: asyncssh.SSHServerConnection | None) -> None:
        if connection is not None:
            self._connections.discard(connection)

    def lets_in(self, user: str, key: asyncssh.SSHKey) -> bool:
        return user == self._user and key == self._client

    def cut(self) -> None:
        """Close every connection without a word."""
        for connection in tuple(self._connections):
            connection.abort()

    def save(self) -> None:
        """Put the state on disk when it has changed; before anything is answered."""
        if self.host.changed:
            self.host.changed = False
            text = json.dumps(self.host.state.save(), separators=(",", ":"))
            write_whole(self._folder / "state.json", text.encode())

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run a coroutine until it ends or the host is stopped."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def answer(self, request: Envelope) -> Answer | Follow | Endless | None:
        """The model's answer, with everything that has to happen to the server before it.

        None: there will be no answer, the connection is about to die.
        """
        now = self.clock.now()
        follows = request.env.get("HAUI_VERB") == "follow"
        if not follows and self.host.tick(now):
            self.save()
            return Answer(drop=True)
        before = set(self.host.state.since)
        answer = self.host.answer(request, now)
        self.save()
        if before != self.host.state.since:
            self.spawn(self._turn())
            return None
        return spoiled(self.host, request, answer)

    async def _turn(self) -> None:
        """Become unreachable, or another host by the look of its key; then the connections die."""
        self._close_port()
        if "unreachable" not in self.host.state.since:
            await self._listen()
        self.cut()


class _Connection(asyncssh.SSHServer):
    """One login to a simulated host."""

    def __init__(self, server: HostServer) -> None:
        self._server = server
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._server.joined(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.left(self._connection)

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return self._server.lets_in(username, key)

    def session_requested(self) -> Session:
        return Session(self._server)


def write_whole(path: Path, content: bytes, mode: int = 0o600) -> None:
    """Write a file so that it is there completely or not at all."""
    draft = path.with_name(path.name + ".new")
    draft.touch(mode=mode)
    draft.write_bytes(content)
    draft.replace(path)


def _host_key(path: Path) -> asyncssh.SSHKey:
    """The host's key; made when the host is new."""
    if not path.exists():
        key = asyncssh.generate_private_key("ssh-ed25519")
        write_whole(path, key.export_private_key())
    return asyncssh.import_private_key(path.read_bytes())


def _load_state(path: Path) -> HostState:
    if not path.exists():
        return HostState()
    try:
        return HostState.load(json.loads(path.read_bytes()))
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"the saved state of a simulated host can't be read: {path}",
            why=f"{type(error).__name__}: {error}",
            fix="begin the rehearsal afresh: haui rehearse --fresh",
        ) from error

"""A simulated fleet and a bare SSH client that speaks the wire protocol to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from haui.rehearsal.cluster import SimulatedStep
from haui.rehearsal.fleet import SimulatedFleet
from haui.spec import ClusterSpec
from haui.transport.wire import TASK_SCRIPT, Envelope, command

SENTINEL = "sentinel-7f3a"
MARK = "mark-91cc"


def cluster(planes: int = 3, workers: int = 2) -> ClusterSpec:
    """A spec of so many hosts named cp1.. and wk1.. ."""
    names = [("cp", "control-plane", planes, 11), ("wk", "worker", workers, 101)]
    hosts = [
        {"name": f"{name}{i + 1}", "address": f"10.30.0.{base + i}", "roles": [role]}
        for name, role, count, base in names
        for i in range(count)
    ]
    return ClusterSpec.model_validate(
        {
            "name": "atlas",
            "profile": "test",
            "endpoint": {
                "kind": "keepalived-haproxy",
                "name": "api.atlas.lan",
                "vip": "10.30.0.250",
                "port": 8443,
            },
            "hosts": hosts,
        }
    )


STEPS = (
    SimulatedStep(
        id="preflight.facts", title="the host is ready", phase="preflight", read_only=True
    ),
    SimulatedStep(id="runtime.containerd", title="containerd", phase="runtime"),
    SimulatedStep(id="control_plane.init", title="kubeadm init", phase="control-plane"),
    SimulatedStep(id="control_plane.join", title="kubeadm join", phase="control-plane"),
    SimulatedStep(id="workers.join", title="kubeadm join", phase="workers"),
    SimulatedStep(id="verify.nodes", title="nodes", phase="verify", read_only=True),
    SimulatedStep(id="verify.workload", title="workload", phase="verify", always=True),
)


class ManualClock:
    """Wall time that moves only when a test says so."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self._now = now
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self._now + seconds, future))
        await future

    @property
    def waited_for(self) -> bool:
        """Whether anybody waits for a later moment."""
        return any(not future.done() for _, future in self._waiting)

    def advance(self, seconds: float) -> None:
        """Move on, waking whoever waited for a moment that has come."""
        self._now += seconds
        due = [entry for entry in self._waiting if entry[0] <= self._now]
        self._waiting = [entry for entry in self._waiting if entry[0] > self._now]
        for _, future in due:
            if not future.done():
                future.set_result(None)


class Client:
    """One SSH connection to a simulated host, and the wire protocol over it."""

    def __init__(self, connection: asyncssh.SSHClientConnection) -> None:
        self.connection = connection

    async def open(self, envelope: Envelope) -> asyncssh.SSHClientProcess[bytes]:
        """Begin an exec and send the envelope once the sentinel has come."""
        process = await self.connection.create_process(
            command(SENTINEL, timeout_s=60), encoding=None
        )
        first = await process.stdout.readline()
        assert first == SENTINEL.encode() + b"\n", first
        process.stdin.write(envelope.encode())
        return process

    async def exec(
        self, env: Mapping[str, str], inputs: Mapping[str, bytes] | None = None
    ) -> tuple[int | None, bytes, bytes]:
        """Exit status, stdout and stderr of one script."""
        process = await self.open(Envelope(script=b":\n", env=env, inputs=inputs or {}))
        done = await process.wait()
        assert isinstance(done.stdout, bytes)
        assert isinstance(done.stderr, bytes)
        return done.exit_status, done.stdout, done.stderr

    async def part(self, step: str, part: str, inputs: Mapping[str, bytes] | None = None) -> str:
        """Stdout of one part of a step."""
        env = {"HAUI_SCRIPT": f"{step}.{part}", "HAUI_STEP": step, "HAUI_PART": part}
        return (await self.exec(env, inputs))[1].decode()

    async def task(self, verb: str, step: str = "", attempt: int = 1, **more: str) -> bytes:
        """Stdout of one verb of the task agent."""
        env = task_env(verb, step, attempt, **more)
        inputs = {"script": b":", "env": b"", "manifest": b""} if verb == "start" else {}
        return (await self.exec(env, inputs))[1]


def task_env(verb: str, step: str = "", attempt: int = 1, **more: str) -> dict[str, str]:
    env = {"HAUI_SCRIPT": TASK_SCRIPT, "HAUI_VERB": verb, "HAUI_RUN": "run1", **more}
    if step:
        env |= {"HAUI_STEP": step, "HAUI_ATTEMPT": str(attempt)}
    if verb == "follow":
        env = {"HAUI_OFFSET": "0", "HAUI_MARK": MARK, **env}
    return env


async def dial(spec: ClusterSpec, host: str) -> Client:
    """Log in as the spec says, trusting nothing but the pinned host key."""
    entry = spec.host(host)

    class Pinned(asyncssh.SSHClient):
        def validate_host_public_key(
            self, host: str, addr: str, port: int, key: asyncssh.SSHKey
        ) -> bool:
            return key.get_fingerprint() == entry.fingerprint

    assert entry.ssh.address is not None
    connection, _ = await asyncssh.create_connection(
        Pinned,
        entry.ssh.address,
        entry.ssh.port or 22,
        username=spec.ssh.user,
        client_keys=[str(spec.ssh.key)],
        known_hosts=([], [], []),
        agent_path=None,
        config=None,
    )
    return Client(connection)


class Rehearsal:
    """A started fleet with its reachable spec."""

    def __init__(self, fleet: SimulatedFleet, spec: ClusterSpec) -> None:
        self.fleet = fleet
        self.spec = spec
        self._clients: list[Client] = []

    async def dial(self, host: str) -> Client:
        client = await dial(self.spec, host)
        self._clients.append(client)
        return client

    async def close(self) -> None:
        for client in self._clients:
            client.connection.abort()
            await client.connection.wait_closed()
        await self.fleet.stop()


Starter = Callable[..., Any]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def rehearsal(tmp_path: Path) -> Starter:
    """`async with rehearsal(faults=…, clock=…) as it`: a fleet on this test's folder."""

    @asynccontextmanager
    async def start(
        spec: ClusterSpec | None = None, folder: str = "fleet", **options: Any
    ) -> AsyncIterator[Rehearsal]:
        options = {"speed": 0, "steps": STEPS, **options}
        fleet = SimulatedFleet(spec or cluster(), state_dir=tmp_path / folder, **options)
        it = Rehearsal(fleet, await fleet.start())
        try:
            yield it
        finally:
            await it.close()

    return start

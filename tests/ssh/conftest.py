"""sshd processes for tests, started on demand and stopped at the end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from haui.transport.credentials import Credentials
from haui.transport.hostkeys import HostKeys
from haui.transport.login import Target
from haui.transport.remote import RemoteHost
from haui.transport.ssh import SshPool
from tests.ssh.sshd import Sshd, keygen, unavailable

_REASON = unavailable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs sshd, with the reason, where there is none."""
    if not _REASON:
        return
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason=_REASON))


@pytest.fixture(scope="session")
def base() -> Iterator[Path]:
    """A short path without blanks: it stands in configuration files and socket names."""
    folder = Path(tempfile.mkdtemp(prefix="haui-ssh-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def client_key(base: Path) -> Path:
    return keygen(base / "id_ed25519")


StartSshd = Callable[..., Sshd]


@pytest.fixture
def start_sshd(base: Path, client_key: Path) -> Iterator[StartSshd]:
    """Starts an sshd with extra environment and options."""
    started: list[Sshd] = []

    def start(env: Mapping[str, str] | None = None, **options: str) -> Sshd:
        folder = Path(tempfile.mkdtemp(prefix="d", dir=base))
        sshd = Sshd(folder, client_key, env or {}, options)
        started.append(sshd)
        return sshd.start()

    yield start
    for sshd in started:
        sshd.stop()


@pytest.fixture(scope="session")
def shared_sshd(base: Path, client_key: Path) -> Iterator[Sshd]:
    """One sshd for tests that neither stop nor configure it."""
    sshd = Sshd(base / "shared", client_key).start()
    yield sshd
    sshd.stop()


class Bench:
    """Makes hosts and pools, and closes them at the end."""

    def __init__(self, known_hosts: Path) -> None:
        self.known_hosts = known_hosts
        self._hosts: list[RemoteHost] = []
        self._pools: list[SshPool] = []
        self.events: list[tuple[str, str, str]] = []

    def target(self, sshd: Sshd, **changes: Any) -> Target:
        values: dict[str, Any] = {
            "name": "h1",
            "address": "127.0.0.1",
            "port": sshd.port,
            "user": sshd.user,
            "key": str(sshd.client_key),
            "fingerprint": sshd.fingerprint,
        }
        return Target(**(values | changes))

    def pool(self, credentials: Credentials | None = None, **options: Any) -> SshPool:
        keys = HostKeys(self.known_hosts, [])
        pool = SshPool(credentials or Credentials(), keys, **options)
        self._pools.append(pool)
        return pool

    def host(
        self,
        target: Target,
        *,
        pool: SshPool | None = None,
        credentials: Credentials | None = None,
        **options: Any,
    ) -> RemoteHost:
        credentials = credentials or Credentials()
        pool = pool or self.pool(credentials)
        host = RemoteHost(
            target,
            pool.dial,
            credentials,
            on_connection=lambda *event: self.events.append(event),
            **({"sudo": "none"} | options),
        )
        self._hosts.append(host)
        return host

    async def close(self) -> None:
        for host in self._hosts:
            await host.close()
        for pool in self._pools:
            await pool.close()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = Bench(tmp_path / "known_hosts")
    yield made
    await made.close()

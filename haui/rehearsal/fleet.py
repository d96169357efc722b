"""The simulated fleet: SSH servers on loopback, one a host, that behave like hosts.

Each listens on its own port of 127.0.0.1 with its own host key, answers the wire protocol of
haui.transport.wire, and keeps its state in a JSON file, so that a fleet which is started again on
the same folder goes on where the wall clock says it is. Only the client key that this fleet made is
let in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import asyncssh

from haui.rehearsal.clock import FleetClock, Tempo, WallClock
from haui.rehearsal.cluster import SimulatedCluster, SimulatedStep
from haui.rehearsal.faults import Fault
from haui.rehearsal.host import SimulatedHost
from haui.rehearsal.server import HostServer, write_whole
from haui.spec import ClusterSpec, Ssh
from haui.step import Step

SUDO_USER = "ops"


class SimulatedFleet:
    """All simulated hosts of one cluster.

    `speed` divides every duration; 0 means that nothing takes time. `steps` is the catalogue;
    what the hosts have to know of it is asked once, here. With `sudo_password` the hosts let in the
    user `ops`, whose sudo asks for that password; without it, root.
    """

    def __init__(
        self,
        spec: ClusterSpec,
        *,
        state_dir: Path,
        speed: float = 1.0,
        faults: Sequence[Fault] = (),
        seed: int = 0,
        steps: Iterable[Step | SimulatedStep] = (),
        clock: FleetClock | None = None,
        sudo_password: str | None = None,
    ) -> None:
        self._spec = spec
        self._dir = state_dir
        self._clock = clock or WallClock()
        self._sudo_password = sudo_password
        cluster = SimulatedCluster(spec, steps, seed)
        self._servers = {
            host.name: HostServer(
                SimulatedHost(
                    name=host.name,
                    cluster=cluster,
                    tempo=Tempo(speed=speed),
                    faults=tuple(faults),
                ),
                state_dir / "hosts" / host.name,
                self._clock,
                sudo_password,
            )
            for host in spec.hosts
        }
        cluster.members.update({name: server.host for name, server in self._servers.items()})

    @property
    def hosts(self) -> dict[str, SimulatedHost]:
        """The model of each host by name, for tests and for a look behind the scenes."""
        return {name: server.host for name, server in self._servers.items()}

    async def start(self) -> ClusterSpec:
        """Bring every host up; returns the spec with where and how to reach each of them.

        Raises UsageError when the saved state can't be read.
        """
        key = _client_key(self._dir)
        user = "root" if self._sudo_password is None else SUDO_USER
        for server in self._servers.values():
            await server.start(user, key)
        ssh = Ssh(
            user=user,
            key=str(self._dir / "client_key"),
            sudo="none" if self._sudo_password is None else "password",
        )
        hosts = tuple(self._servers[host.name].described(host) for host in self._spec.hosts)
        return self._spec.model_copy(update={"ssh": ssh, "hosts": hosts})

    async def stop(self) -> None:
        """Close every connection and port; the state stays in its folder."""
        for server in self._servers.values():
            await server.stop()


def _client_key(folder: Path) -> asyncssh.SSHKey:
    """A fresh key, the only one that this fleet lets in; its private half is in the folder."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = asyncssh.generate_private_key("ssh-ed25519", comment="haui rehearsal")
    write_whole(folder / "client_key", key.export_private_key())
    return key

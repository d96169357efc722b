"""Where the hosts of a run are: real machines, or a fleet that is simulated on this one.

A screen that installs does not know which; it asks its site. Everything else (journal, executor,
SSH client) is the same for both.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import steps
from haui.errors import UsageError
from haui.folders import REHEARSALS
from haui.record.store import ClusterStore, state_root
from haui.rehearsal.faults import Fault
from haui.rehearsal.fleet import SimulatedFleet
from haui.rehearsal.process import FleetProcess
from haui.secret import Secret
from haui.session.connections import fleet_opener
from haui.session.job import OpenFleet
from haui.spec import ClusterSpec
from haui.transport.credentials import Credentials
from haui.transport.fleet import Fleet, KeyRow
from steps import reset

__all__ = ["KeyRow", "RealSite", "RehearsalSite", "Site"]


class Site(ABC):
    """Where hosts are, and what is needed to get there. Use from one event loop; close it."""

    rehearsal: bool
    """Whether the hosts are simulated."""
    bastion: bool
    """Whether this machine can reach the cluster's endpoint."""
    credentials: Credentials

    @abstractmethod
    def store(self, name: str) -> ClusterStore:
        """The folder of the cluster of that name."""

    @abstractmethod
    async def reach(self, spec: ClusterSpec, *, keep: bool = False) -> ClusterSpec:
        """The same cluster as it is reached: with addresses, logins and keys. Raises HauiError.

        `keep`: what was made of the hosts is to be looked at again, or to be taken back.
        """

    def opener(self, store: ClusterStore, *, accept_new: bool) -> OpenFleet:
        """How a session opens its connections."""
        return fleet_opener(store, self.credentials, accept_new=accept_new)

    async def host_keys(
        self, spec: ClusterSpec, hosts: Collection[str] | None = None
    ) -> tuple[KeyRow, ...]:
        """The host keys as they are now, without logging in; of all hosts, or of those named.

        A host that has a fingerprint in the spec is judged by it, others by what is known of them.
        """
        reach = await self.reach(spec)
        fleet = Fleet(reach, self.credentials, self.store(spec.name).known_hosts)
        try:
            names = None if hosts is None else [h.name for h in spec.hosts if h.name in hosts]
            return await fleet.fetch_fingerprints(names) if names != [] else ()
        finally:
            await fleet.close()

    @abstractmethod
    async def close(self) -> None:
        """End what was started for this site; what runs on hosts goes on."""


class RealSite(Site):
    """Machines that are there. State is in the state folder, or in `root`."""

    rehearsal = False
    bastion = True

    def __init__(self, credentials: Credentials, root: Path | None = None) -> None:
        self.credentials = credentials
        self._root = root

    def store(self, name: str) -> ClusterStore:
        return ClusterStore(name, self._root)

    async def reach(self, spec: ClusterSpec, *, keep: bool = False) -> ClusterSpec:
        return spec

    async def close(self) -> None:
        pass


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """A simulated fleet that is up, for which spec, and how its hosts are reached."""

    spec: ClusterSpec
    fleet: SimulatedFleet | FleetProcess
    reach: ClusterSpec


class RehearsalSite(Site):
    """Simulated hosts, one fleet for each cluster, begun when it is first reached.

    `root` is the folder of rehearsals (None: in the state folder). `speed` divides every duration.
    With `in_process` the hosts live in this process, else in one of their own. A fleet goes on
    where it was when an unfinished rehearsal is continued; after a finished one it is new, unless
    `keep` says that the finished cluster is to be looked at again.
    """

    rehearsal = True
    bastion = False

    def __init__(
        self,
        root: Path | None = None,
        *,
        speed: float = 1.0,
        faults: Sequence[Fault] = (),
        in_process: bool = False,
        keep: bool = False,
    ) -> None:
        self.credentials = Credentials({"registry_password": Secret("no-real-password")})
        self._root = root or state_root() / REHEARSALS
        self._speed = speed
        self._faults = tuple(faults)
        self._in_process = in_process
        self._keep = keep
        self._running: dict[str, _Running] = {}
        self._lock = asyncio.Lock()

    def store(self, name: str) -> ClusterStore:
        return ClusterStore(name, self._root)

    async def reach(self, spec: ClusterSpec, *, keep: bool = False) -> ClusterSpec:
        """Begin the fleet of that spec, or use the one that is up.

        A fleet of another spec is begun anew as that one; hosts of the same name go on. Raises
        ConnectError, UsageError.
        """
        async with self._lock:
            running = self._running.get(spec.name)
            if running is not None and running.spec == spec:
                return running.reach
            if running is not None:
                del self._running[spec.name]
                await running.fleet.stop()
            elif not (keep or self._keep) and self.store(spec.name).read_state().outcome == "ok":
                self.forget(spec.name)
            fleet = self._fleet(spec)
            try:
                reach = await fleet.start()
            except BaseException:  # a fleet that is half up would stand in the next one's way
                await fleet.stop()
                raise
            self._running[spec.name] = _Running(spec=spec, fleet=fleet, reach=reach)
            return reach

    def forget(self, name: str) -> None:
        """Start over: the simulated hosts and the journal go. The fleet must not be up.

        Raises UsageError when another process works on that rehearsal.
        """
        store = self.store(name)
        owner = store.owner()
        if owner is not None and owner.pid != os.getpid():
            raise UsageError(f"the rehearsal {name} is still running", why=str(owner))
        shutil.rmtree(store.folder / "simulated", ignore_errors=True)
        for path in (store.journal_path, store.known_hosts, store.cluster_yaml):
            path.unlink(missing_ok=True)

    async def close(self) -> None:
        async with self._lock:
            running, self._running = self._running, {}
            for each in running.values():
                await each.fleet.stop()

    def _fleet(self, spec: ClusterSpec) -> SimulatedFleet | FleetProcess:
        made = SimulatedFleet if self._in_process else FleetProcess
        return made(
            spec,
            state_dir=self.store(spec.name).folder / "simulated",
            speed=self._speed,
            faults=self._faults,
            steps=(*steps.CATALOGUE, *reset.CATALOGUE),
        )

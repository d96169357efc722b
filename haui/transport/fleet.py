"""All hosts of a cluster over SSH, and the table of their keys before anybody logs in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from haui.errors import ConnectError
from haui.execution.clock import Clock
from haui.spec import ClusterSpec
from haui.transport.credentials import Credentials
from haui.transport.hostkeys import HostKeys
from haui.transport.login import Target
from haui.transport.remote import PATIENCE_S, OnConnection, RemoteHost
from haui.transport.ssh import AskKey, SshPool
from haui.transport.targets import jump_of, target_of


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """One host of the table that a person compares before accepting keys.

    `judgement` is trusted, unknown, changed or revoked; empty with `problem` when the host could
    not be asked.
    """

    host: str
    address: str
    fingerprint: str = ""
    kind: str = ""
    judgement: str = ""
    problem: ConnectError | None = None


class Fleet:
    """The hosts of a cluster: one connection each, shared credentials, pins and jump host."""

    def __init__(
        self,
        spec: ClusterSpec,
        credentials: Credentials,
        known_hosts_path: Path | None,
        *,
        accept_new: bool = False,
        ask: AskKey | None = None,
        on_connection: OnConnection | None = None,
        patience_s: float = PATIENCE_S,
        other_known_hosts: Sequence[Path] | None = None,
        clock: Clock | None = None,
    ) -> None:
        keys = HostKeys(known_hosts_path, other_known_hosts)
        self._spec = spec
        self._pool = SshPool(credentials, keys, jump=jump_of(spec), accept_new=accept_new, ask=ask)
        self._hosts = {
            host.name: RemoteHost(
                target_of(spec, host),
                self._pool.dial,
                credentials,
                sudo=spec.ssh.sudo,
                on_connection=on_connection,
                patience_s=patience_s,
                clock=clock,
            )
            for host in spec.hosts
        }

    def host(self, name: str) -> RemoteHost:
        """The host of that name. KeyError when the cluster has none."""
        return self._hosts[name]

    async def fetch_fingerprints(self, names: Iterable[str] | None = None) -> tuple[KeyRow, ...]:
        """The hosts' keys as they are now, without logging in; never raises ConnectError."""
        hosts = [self._spec.host(name) for name in names] if names else self._spec.hosts
        targets = [target_of(self._spec, host) for host in hosts]
        return tuple(await asyncio.gather(*(self._key_row(target) for target in targets)))

    async def _key_row(self, target: Target) -> KeyRow:
        try:
            verdict = await self._pool.host_key(target)
        except ConnectError as error:
            return KeyRow(host=target.name, address=target.where, problem=error)
        return KeyRow(
            host=target.name,
            address=target.where,
            fingerprint=verdict.shown.fingerprint,
            kind=verdict.shown.kind,
            judgement=verdict.judgement,
        )

    async def close(self) -> None:
        """Close all connections; running tasks go on."""
        await asyncio.gather(*(host.close() for host in self._hosts.values()))
        await self._pool.close()

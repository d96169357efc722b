"""Many sshd processes on loopback for the benches."""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncssh

from haui.transport.credentials import Credentials
from haui.transport.hostkeys import HostKeys
from haui.transport.login import Target
from haui.transport.remote import RemoteHost
from haui.transport.ssh import SshPool
from tests.ssh.sshd import Sshd, keygen, unavailable


@contextlib.contextmanager
def fleet(count: int, key_kind: str = "ed25519") -> Iterator[list[Sshd]]:
    """`count` running sshd processes; the bench ends with the reason when there can be none."""
    reason = unavailable()
    if reason:
        sys.exit(f"skipped: {reason}")
    base = Path(tempfile.mkdtemp(prefix="haui-bench-"))
    started: list[Sshd] = []
    try:
        client_key = keygen(base / "client", kind=key_kind)
        for number in range(count):
            sshd = Sshd(base / f"d{number}", client_key, options={"LogLevel": "ERROR"})
            started.append(sshd)
            sshd.start()
        yield started
    finally:
        for sshd in started:
            sshd.stop()
        shutil.rmtree(base, ignore_errors=True)


def hosts_of(fleet: list[Sshd]) -> tuple[SshPool, list[RemoteHost]]:
    """A RemoteHost for each sshd."""
    credentials = Credentials()
    pool = SshPool(credentials, HostKeys(None, []))
    targets = [
        Target(
            name=f"h{number}",
            address="127.0.0.1",
            port=sshd.port,
            user=sshd.user,
            key=str(sshd.client_key),
            # Not sshd.fingerprint: it starts ssh-keygen, whose CPU would be counted as ours.
            fingerprint=asyncssh.read_public_key(
                sshd.host_key.with_suffix(".pub")
            ).get_fingerprint(),
        )
        for number, sshd in enumerate(fleet)
    ]
    return pool, [RemoteHost(target, pool.dial, credentials, sudo="none") for target in targets]

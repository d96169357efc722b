"""From the answers to where and how to log in: to each host, and to the jump host before them."""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from haui.transport.login import Target


def target_of(spec: ClusterSpec, host: HostSpec) -> Target:
    """Where and how to log in to a host."""
    return Target(
        name=host.name,
        address=host.ssh.address or host.address,
        port=host.ssh.port or spec.ssh.port,
        user=host.ssh.user or spec.ssh.user,
        key=host.ssh.key or spec.ssh.key,
        agent=spec.ssh.agent,
        password=spec.ssh.password,
        fingerprint=host.fingerprint,
    )


def jump_of(spec: ClusterSpec) -> Target | None:
    """The jump host in `[user@]host[:port]`; an IPv6 address stands in brackets."""
    if not spec.ssh.jump:
        return None
    user, _, rest = spec.ssh.jump.rpartition("@")
    address, port = rest, ""
    if rest.startswith("["):
        address, _, port = rest[1:].partition("]")
        port = port.removeprefix(":")
    elif rest.count(":") == 1:
        address, _, port = rest.partition(":")
    return Target(
        name=f"jump host {address}",
        address=address,
        port=int(port or 22),
        user=user or spec.ssh.user,
        key=spec.ssh.key,
        agent=spec.ssh.agent,
        password=spec.ssh.password,
    )

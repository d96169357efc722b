"""What a healthy host tells of itself: ports."""

from __future__ import annotations

from collections.abc import Iterator

from haui.spec import ClusterSpec, HostSpec


def facts(spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    """Key and value, as facts_ports of steps/scripts prints them."""
    yield "listener", f"tcp 0.0.0.0 {host.ssh.port or spec.ssh.port} sshd 611"
    yield "listener", "udp 127.0.0.1 323 chronyd 488"
    yield "listeners", "2"
    yield "port.range", "32768 60999"

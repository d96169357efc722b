"""What a healthy host tells in the step preflight.disk."""

from __future__ import annotations

from collections.abc import Iterator

from haui.spec import ClusterSpec, HostSpec


def facts(spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    """Key and value, as steps/scripts/preflight_disk_probe.sh prints them."""
    yield "fsync.path", "/var/lib/etcd"
    yield "fsync.writes", "10000"
    yield "fsync.average.ms", "0.631"
    yield "fsync.p99.ms", "1.904"
    yield "fsync.longest.ms", "7.218"

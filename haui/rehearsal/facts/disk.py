"""What a healthy host tells in the step preflight.disk."""

from __future__ import annotations

from collections.abc import Iterator

from haui.spec import ClusterSpec, HostSpec


def facts(spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    """Key and value, as steps/scripts/preflight_disk_probe.sh prints them."""
    yield from ()

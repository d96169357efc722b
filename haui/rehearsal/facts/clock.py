"""What a healthy host tells of itself: clock."""

from __future__ import annotations

from collections.abc import Iterator

from haui.spec import ClusterSpec, HostSpec


def facts(spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    """Key and value, as facts_clock of steps/scripts prints them."""
    yield "time.zone", "Etc/UTC"
    yield "time.reference", "C0000235 (192.0.2.53) stratum 3"
    yield "time.synchronised", "yes"
    yield "time.foreign", "no"
    yield "time.service", "chrony"

"""What a healthy host tells of itself: sizes."""

from __future__ import annotations

from collections.abc import Iterator

from haui.spec import ClusterSpec, HostSpec
from steps.checks.sizes import minimum


def facts(spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    """Key and value, as facts_sizes of steps/scripts prints them."""
    cpus, memory, _ = minimum(spec, host)
    yield "cpus", str(cpus)
    yield "memory.mb", str(memory * 97 // 100)
    yield "memory.available.mb", str(memory * 90 // 100)
    yield "balloon.mb", "0"

"""What a healthy host tells of itself: kubernetes."""

from __future__ import annotations

from collections.abc import Iterator

from haui.spec import ClusterSpec, HostSpec


def facts(spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    """Key and value, as facts_kubernetes of steps/scripts prints them."""
    yield "unit", "chrony active enabled"
    yield "unit", "systemd-timesyncd inactive disabled"
    yield "containerd.config", "absent"
    yield "balancer.config", "haproxy absent"
    yield "balancer.config", "nginx absent"
    yield "balancer.config", "keepalived absent"

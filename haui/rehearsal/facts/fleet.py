"""What a healthy host tells of itself: what only says something beside other hosts'."""

from __future__ import annotations

from collections.abc import Iterator

from haui.spec import ClusterSpec, HostSpec

BALANCER = "198.51.100.7"
"""Where DNS finds a balancer of the admin's own."""


def facts(spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    """Key and value, as facts_fleet and facts_network of steps/scripts print them."""
    yield "endpoint.asked", "yes"
    yield "endpoint.name", spec.endpoint_address or BALANCER
    yield "proxy.asked", "yes"

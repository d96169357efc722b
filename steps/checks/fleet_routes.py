"""The ways that a host knows: its routes, and the networks of its addresses."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from haui.clusterfile.types import IPNetwork
from steps.checks.fleet_view import Told
from steps.checks.thresholds import DEFAULT_ROUTE_BITS

DEAD_ENDS = ("unreachable", "blackhole", "prohibit", "throw")
"""Kinds of routes that lead nowhere."""
_NO_WAYS = ("broadcast", "multicast", "anycast")


@dataclass(frozen=True, slots=True)
class Route:
    """One way that a host knows. `via` is the next host, `link` the interface."""

    network: IPNetwork
    kind: str
    via: str
    link: str
    text: str


@lru_cache(maxsize=32768)
def route_of(line: str) -> Route | None:
    """A line of `ip route`; None for what leads everywhere or is no way."""
    fields = line.split()
    kind = "unicast"
    if fields and fields[0] in (*DEAD_ENDS, *_NO_WAYS, "local", "unicast", "nat"):
        kind = fields.pop(0)
    if not fields or kind in _NO_WAYS:
        return None
    try:
        network = ipaddress.ip_network(fields[0], strict=False)
    except ValueError:
        return None
    if network.prefixlen <= DEFAULT_ROUTE_BITS[network.version]:
        return None
    via, link = _after("via", fields), _after("dev", fields)
    parts = (kind if kind != "unicast" else "", str(network), via and f"via {via}", link)
    return Route(network, kind, via, link, " ".join(part for part in parts if part))


def _after(word: str, fields: list[str]) -> str:
    for index, field in enumerate(fields[:-1]):
        if field == word:
            value = fields[index + 1]
            return fields[index + 2] if value == "inet6" and fields[index + 2 :] else value
    return ""


def routes_of(told: Told) -> Iterator[Route]:
    """Every way that the host knows, and the networks of its addresses."""
    for key in ("route4", "route6"):
        for line in told.facts.all(key):
            route = route_of(line)
            if route is not None:
                yield route
    for address in told.addresses:
        if address.at.network.prefixlen:
            network = address.at.network
            yield Route(network, "unicast", "", address.link, f"{address.at} on {address.link}")

"""Finds free networks for pods and Services, beside everything that the hosts know."""

from __future__ import annotations

import hashlib
import ipaddress
from bisect import bisect_right
from collections.abc import Iterable

from haui.clusterfile.types import IPNetwork
from steps.checks.thresholds import FREE_BLOCKS, KEPT_BLOCKS

Range = tuple[int, int]


def ranges(networks: Iterable[IPNetwork], version: int) -> list[Range]:
    """First and last address of what these networks cover, in order, without overlaps."""
    found: list[Range] = []
    pairs = {
        (int(network.network_address), int(network.broadcast_address))
        for network in networks
        if network.version == version
    }
    for first, last in sorted(pairs):
        if found and first <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(last, found[-1][1]))
        else:
            found.append((first, last))
    return found


def free_network(wanted: IPNetwork, taken: Iterable[IPNetwork], seed: str) -> IPNetwork | None:
    """A network of the size of `wanted` that overlaps with none of `taken`, from the blocks for
    private use; None when there is none. `seed` makes IPv6 ones unique (RFC 4193)."""
    size = 1 << (wanted.max_prefixlen - wanted.prefixlen)
    if wanted.version == 6:
        busy, blocks = ranges(taken, 6), [_unique_local(seed)]
    else:
        kept = (ipaddress.ip_network(text) for text in KEPT_BLOCKS)
        busy = ranges((*taken, *kept), 4)
        blocks = [ipaddress.ip_network(text) for text in FREE_BLOCKS]
    for block in blocks:
        if block.prefixlen > wanted.prefixlen:
            continue
        first = _gap(busy, int(block.network_address), int(block.broadcast_address), size)
        if first is not None:
            kind = ipaddress.IPv6Network if wanted.version == 6 else ipaddress.IPv4Network
            return kind((first, wanted.prefixlen))
    return None


def _gap(busy: list[Range], low: int, high: int, size: int) -> int | None:
    """The first multiple of `size` in a block from which on so many addresses are free."""
    at = low
    while at + size - 1 <= high:
        before = bisect_right(busy, at + size - 1, key=lambda pair: pair[0]) - 1
        if before < 0 or busy[before][1] < at:
            return at
        at = -(-(busy[before][1] + 1) // size) * size
    return None


def _unique_local(seed: str) -> IPNetwork:
    number = hashlib.sha256(seed.encode()).digest()[:5]
    return ipaddress.IPv6Network((bytes((0xFD,)) + number + bytes(10), 48))

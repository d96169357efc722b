"""Arithmetic on the networks of a cluster file: what overlaps, what has room, what is in reach."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from haui.clusterfile.problem import Loc, SpecProblem
from haui.clusterfile.types import IPAddress, IPNetwork
from haui.spec import ClusterSpec

NODE_BITS = {4: 24, 6: 64}
"""The prefix length of one node's share of the pods' network (kubeadm's defaults)."""
SERVICE_BITS = {4: (12, 24), 6: (108, 120)}
"""kube-apiserver refuses more than 2**20 service addresses; kubeadm wants some to spare."""
REACH_BITS = {4: 16, 6: 48}
"""How much a VIP must share with the hosts that carry it. Their real subnet is only known on the
hosts, where the preflight compares it; this finds a mistyped address before."""
UNUSABLE = tuple(
    ipaddress.ip_network(text)
    for text in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
) + tuple(ipaddress.ip_network(text) for text in ("::1/128", "fe80::/10", "ff00::/8"))
"""This host, loopback, link-local, multicast and reserved: never between machines."""


def _address(text: str) -> IPAddress:
    return ipaddress.ip_address(text)


def _problem(loc: Loc, what: str, example: str = "") -> SpecProblem:
    return SpecProblem(loc=loc, what=what, example=example)


def overlap(one: IPNetwork, other: IPNetwork) -> bool:
    """Whether two networks share an address; networks of different families never do."""
    if isinstance(one, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return one.overlaps(other)
    if isinstance(one, ipaddress.IPv6Network) and isinstance(other, ipaddress.IPv6Network):
        return one.overlaps(other)
    return False


def network_problems(spec: ClusterSpec) -> Iterator[SpecProblem]:
    """The pods' and Services' networks: family, size, overlap with each other and with hosts."""
    pods = ipaddress.ip_network(spec.network.pods)
    services = ipaddress.ip_network(spec.network.services)
    if pods.version != services.version:
        what = f"is IPv{services.version} while network.pods is IPv{pods.version}"
        yield _problem(("network", "services"), what, "services: 10.61.0.0/16")
    elif overlap(pods, services):
        what = f"{services} overlaps with network.pods ({pods})"
        yield _problem(("network", "services"), what, "services: 10.61.0.0/16")
    yield from _unusable(spec)
    yield from _pod_room(spec, pods)
    low, high = SERVICE_BITS[services.version]
    if not low <= services.prefixlen <= high:
        what = f"/{services.prefixlen} is not between /{low} and /{high}"
        yield _problem(("network", "services"), what, "services: 10.61.0.0/16")
    if spec.network.cni.kind == "bridge" and pods.version == 6:
        what = "bridge knows only IPv4"
        yield _problem(("network", "cni", "kind"), what, "pods: 10.60.0.0/16")
    yield from _hosts(spec, pods, services)


def _unusable(spec: ClusterSpec) -> Iterator[SpecProblem]:
    for field in ("pods", "services"):
        network = ipaddress.ip_network(getattr(spec.network, field))
        for reserved in UNUSABLE:
            if overlap(network, reserved):
                what = f"{network} overlaps with {reserved}, which no cluster can use"
                yield _problem(("network", field), what, f"{field}: 10.60.0.0/16")
                break


def _pod_room(spec: ClusterSpec, pods: IPNetwork) -> Iterator[SpecProblem]:
    bits, loc = NODE_BITS[pods.version], ("network", "pods")
    nodes = len(spec.nodes)
    if bits - pods.prefixlen > 16:
        what = f"/{pods.prefixlen} is too large: kubeadm takes at most /{bits - 16}"
        yield _problem(loc, what, "pods: 10.60.0.0/16")
    elif pods.prefixlen > bits or 1 << (bits - pods.prefixlen) < nodes:
        room = 1 << (bits - pods.prefixlen) if pods.prefixlen <= bits else 0
        what = f"{pods} has room for {room} nodes (a /{bits} each), and there are {nodes}"
        yield _problem(loc, what, "pods: 10.60.0.0/16")


def _hosts(spec: ClusterSpec, pods: IPNetwork, services: IPNetwork) -> Iterator[SpecProblem]:
    example = "address: 10.30.0.11"
    for index, host in enumerate(spec.hosts):
        loc: Loc = ("hosts", index, "address")
        address = _address(host.address)
        if address.version != pods.version:
            what = f"{address} is IPv{address.version} while network.pods is IPv{pods.version}"
            yield _problem(loc, what, example)
        for field, network in (("pods", pods), ("services", services)):
            if address in network:
                yield _problem(loc, f"{address} lies inside network.{field} ({network})", example)
        if any(address in reserved for reserved in UNUSABLE):
            yield _problem(loc, f"{address} can't be reached from another host", example)


def vip_problems(spec: ClusterSpec) -> Iterator[SpecProblem]:
    """The virtual address: nobody else's, outside of the cluster's own networks, in reach."""
    if spec.endpoint.vip is None:
        return
    vip, loc = _address(spec.endpoint.vip), ("endpoint", "vip")
    example = "vip: 10.30.0.10, a free address in the hosts' subnet"
    for index, host in enumerate(spec.hosts):
        only = spec.endpoint.kind == "external" and spec.topology.kind == "single"
        if host.address == str(vip) and not only:
            what = f"{vip} is the address of hosts[{index}] ({host.name}); it must be a free one"
            yield _problem(loc, what, example)
    for field in ("pods", "services"):
        network = ipaddress.ip_network(getattr(spec.network, field))
        if vip in network:
            yield _problem(loc, f"{vip} lies inside network.{field} ({network})", example)
    if any(vip in reserved for reserved in UNUSABLE):
        yield _problem(loc, f"{vip} can't be reached from another host", example)
    elif spec.endpoint.kind != "external":
        yield from _reach(spec, vip, example)


def _reach(spec: ClusterSpec, vip: IPAddress, example: str) -> Iterator[SpecProblem]:
    bits = REACH_BITS[vip.version]
    near = ipaddress.ip_network(f"{vip}/{bits}", strict=False)
    routed = spec.endpoint.kind == "kube-vip" and spec.endpoint.mode == "bgp"
    for host in spec.balancers or spec.control_planes:
        address = _address(host.address)
        if address.version != vip.version:
            what = f"{vip} is IPv{vip.version}, but {host.name} has {address}"
        elif address not in near and not routed:
            what = (
                f"{vip} can't be in the subnet of {host.name} ({address}): "
                f"they don't even share a /{bits}"
            )
        else:
            continue
        yield _problem(("endpoint", "vip"), what, example)
        return

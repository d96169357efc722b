"""Which ports the cluster will serve on which host, and who will have to reach them. Pure.

Work is kept in bounds on large fleets: a control plane tries every host, since it will talk to
every kubelet; in a fleet of more than `EVERY_PAIR` nodes a worker tries the API servers, the
endpoint, and for the pod network only the control planes and the next `NEIGHBOURS` workers of the
cluster file. So each host is tried by several others, and nobody tries a hundred.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from haui.spec import ClusterSpec, HostSpec
from steps import endpoint_kube_vip, etcd
from steps.endpoint import has_keepalived
from steps.kubeadm import API_PORT
from steps.where import carriers

Proto = Literal["tcp", "udp"]

EVERY_PAIR = 8
NEIGHBOURS = 3
KUBELET_PORT = 10250
BGP_PORT = 179
VIP_PORTS = (22, 443, API_PORT)
"""What a host is asked that may hold an address which no neighbour can be asked for."""
ENDPOINT, ROUTER, VIRTUAL = "endpoint:", "router:", "virtual:"
"""Names of destinations that are no hosts of the cluster file; no host's name holds a colon."""

OVERLAY: dict[str, tuple[tuple[Proto, int, str], ...]] = {
    "flannel": (("udp", 8472, "pod network, VXLAN"),),
    "calico": (("udp", 4789, "pod network, VXLAN"), ("tcp", 5473, "Typha")),
    "cilium": (("udp", 8472, "pod network, VXLAN"), ("tcp", 4240, "health of the pod network")),
}
"""What nodes serve to each other, by the kind of pod network."""


@dataclass(frozen=True, slots=True)
class Path:
    """One port of one destination that a host will have to reach, and for what."""

    name: str
    address: str
    proto: Proto
    port: int
    what: str


@dataclass(frozen=True, slots=True)
class _Names:
    """Who does what, by name; a large fleet is asked about often."""

    planes: frozenset[str]
    nodes: frozenset[str]
    members: frozenset[str]
    balancers: frozenset[str]

    @staticmethod
    def of(spec: ClusterSpec) -> _Names:
        groups = (spec.control_planes, spec.nodes, _members(spec), spec.balancers)
        return _Names(*(frozenset(host.name for host in group) for group in groups))


def served(spec: ClusterSpec, host: HostSpec) -> dict[tuple[Proto, int], str]:
    """The ports of `host` that other hosts will need, and what they are for."""
    return _served(spec, _Names.of(spec), host.name)


def paths(spec: ClusterSpec, host: HostSpec) -> tuple[Path, ...]:
    """What `host` will have to reach on other hosts of the cluster file."""
    names = _Names.of(spec)
    near = {peer.name for peer in _neighbours(spec, host)}
    return tuple(
        Path(other.name, other.address, proto, port, what)
        for other in spec.hosts
        if other.name != host.name
        for (proto, port), what in _served(spec, names, other.name).items()
        if _needs(spec, names, host.name, other.name, (proto, port), other.name in near)
    )


def outside(spec: ClusterSpec, host: HostSpec) -> tuple[Path, ...]:
    """What `host` will have to reach that is no host of the cluster file."""
    return tuple(_outside(spec, host))


def has_balancer(spec: ClusterSpec) -> bool:
    """Whether a balancer of the admin's own stands before the API."""
    single = spec.topology.kind == "single" and spec.endpoint.vip is None
    return spec.endpoint.kind == "external" and not single


def latency_peers(spec: ClusterSpec, host: HostSpec) -> tuple[HostSpec, ...]:
    """Who a member of etcd, or its client, waits for at every write."""
    members = _members(spec)
    if "control-plane" in host.roles or any(member.name == host.name for member in members):
        return tuple(member for member in members if member.name != host.name)
    return ()


def size_peers(spec: ClusterSpec, host: HostSpec) -> tuple[HostSpec, ...]:
    """Who must get packets of full size from `host`."""
    wanted = {peer.name for peer in (*_neighbours(spec, host), *latency_peers(spec, host))}
    return tuple(other for other in spec.hosts if other.name in wanted)


def listens_for_vrrp(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether another virtual router in the segment would get in the way of this host's."""
    return has_keepalived(spec, host)


def _members(spec: ClusterSpec) -> tuple[HostSpec, ...]:
    """The hosts that run a member of etcd and must be reached by others for it."""
    if etcd.is_external(spec):
        return spec.having("etcd")
    return spec.control_planes if len(spec.control_planes) > 1 else ()


def _served(spec: ClusterSpec, names: _Names, host: str) -> dict[tuple[Proto, int], str]:
    ports: dict[tuple[Proto, int], str] = {}
    if host in names.planes:
        ports["tcp", API_PORT] = "Kubernetes API"
    if host in names.members:
        ports["tcp", etcd.CLIENT_PORT] = "etcd's clients"
        ports["tcp", etcd.PEER_PORT] = "etcd's members"
    if host in names.nodes:
        ports["tcp", KUBELET_PORT] = "kubelet"
        for proto, port, what in OVERLAY.get(spec.network.cni.kind, ()):
            ports[proto, port] = what
    if host in names.balancers:
        ports.setdefault(("tcp", spec.endpoint.port), "API endpoint")
    return ports


def _needs(
    spec: ClusterSpec, names: _Names, host: str, other: str, port: tuple[Proto, int], near: bool
) -> bool:
    if any(port == (proto, number) for proto, number, _ in OVERLAY.get(spec.network.cni.kind, ())):
        return near
    number = port[1]
    if number == spec.endpoint.port and other in names.balancers:
        # Where a balancer of the admin's own stands in front, nobody else asks the proxies.
        return host in names.nodes and spec.has_keepalived
    if number == API_PORT:
        # Pods reach the Service `kubernetes` on every node, and its addresses are the hosts'.
        return host in names.nodes or host in names.balancers
    if number == etcd.CLIENT_PORT:
        return host in names.planes or host in names.members
    if number == etcd.PEER_PORT:
        return host in names.members
    return number == KUBELET_PORT and host in names.planes


def _neighbours(spec: ClusterSpec, host: HostSpec) -> tuple[HostSpec, ...]:
    """The nodes with which `host` tries the pod network."""
    nodes = spec.nodes
    others = tuple(node for node in nodes if node.name != host.name)
    if len(others) == len(nodes):
        return ()
    if len(nodes) <= EVERY_PAIR or "control-plane" in host.roles:
        return others
    workers = [worker.name for worker in spec.workers]
    at = workers.index(host.name)
    ring = (workers[at + 1 :] + workers[:at])[:NEIGHBOURS]
    return tuple(node for node in others if "control-plane" in node.roles or node.name in ring)


def _outside(spec: ClusterSpec, host: HostSpec) -> Iterator[Path]:
    if has_balancer(spec) and host in spec.nodes:
        address = spec.endpoint.vip or spec.endpoint.name
        yield Path(ENDPOINT, address, "tcp", spec.endpoint.port, "load balancer of the API")
    if endpoint_kube_vip.is_bgp(spec) and host in carriers(spec):
        for peer in spec.endpoint.bgp.peers:
            yield Path(ROUTER, peer.address, "tcp", BGP_PORT, "BGP router")
        for port in VIP_PORTS:
            yield Path(VIRTUAL, spec.endpoint.vip or "", "tcp", port, "virtual address")

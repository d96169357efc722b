"""What hosts will have to reach on each other, of what steps.ports knows, and elsewhere. Pure.

Work is kept in bounds on large fleets: a control plane tries every host, since it will talk to
every kubelet; in a fleet of more than `EVERY_PAIR` nodes a worker tries the API servers, the
endpoint, and for the pod network only the control planes and the next `NEIGHBOURS` workers of the
cluster file. So each host is tried by several others, and nobody tries a hundred.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from haui.spec import ClusterSpec, HostSpec
from steps import endpoint_kube_vip
from steps.endpoint import has_keepalived
from steps.kubeadm import API_PORT
from steps.ports import BGP_PORT, Opening, Proto, Table, members, openings
from steps.where import carriers

EVERY_PAIR = 8
NEIGHBOURS = 3
VIP_PORTS = (22, 443, API_PORT)
"""What a host is asked that may hold an address which no neighbour can be asked for."""
ENDPOINT, ROUTER, VIRTUAL = "endpoint:", "router:", "virtual:"
"""Names of destinations that are no hosts of the cluster file; no host's name holds a colon."""


@dataclass(frozen=True, slots=True)
class Path:
    """One port of one destination that a host will have to reach, and for what."""

    name: str
    address: str
    proto: Proto
    port: int
    what: str


def served(spec: ClusterSpec, host: HostSpec) -> dict[tuple[Proto, int], str]:
    """The ports of `host` that the cluster itself will need, and what they are for."""
    return _served(openings(spec, host))


def paths(spec: ClusterSpec, host: HostSpec) -> tuple[Path, ...]:
    """What `host` will have to reach on other hosts of the cluster file."""
    table = Table.of(spec)
    near = {peer.name for peer in _neighbours(spec, host)}
    return tuple(
        Path(other.name, other.address, opening.proto, opening.first, opening.what)
        for other in spec.hosts
        if other.name != host.name
        for opening in table.openings(other.name)
        if opening.proto != "vrrp"
        and host.name in opening.dialled
        and (other.name in near or not opening.mesh)
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
    voters = members(spec)
    if "control-plane" in host.roles or any(voter.name == host.name for voter in voters):
        return tuple(voter for voter in voters if voter.name != host.name)
    return ()


def size_peers(spec: ClusterSpec, host: HostSpec) -> tuple[HostSpec, ...]:
    """Who must get packets of full size from `host`."""
    wanted = {peer.name for peer in (*_neighbours(spec, host), *latency_peers(spec, host))}
    return tuple(other for other in spec.hosts if other.name in wanted)


def listens_for_vrrp(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether another virtual router in the segment would get in the way of this host's."""
    return has_keepalived(spec, host)


def _served(found: tuple[Opening, ...]) -> dict[tuple[Proto, int], str]:
    ports: dict[tuple[Proto, int], str] = {}
    for opening in found:
        # A range is for Services, which come and go.
        if opening.proto != "vrrp" and opening.first == opening.last:
            ports.setdefault((opening.proto, opening.first), opening.what)
    return ports


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

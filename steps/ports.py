"""Which ports every host of a cluster serves, to whom and for what. Pure.

This is the only place that knows: the rehearsal of ports (steps.checks.paths), the check of
firewalls (steps.checks.firewall) and what opens them (steps.firewall) all read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

from haui.spec import ClusterSpec, HostSpec
from steps import etcd
from steps.kubeadm import API_PORT
from steps.where import carriers, has_containerd, is_node

Proto = Literal["tcp", "udp"]
Protocol = Literal["tcp", "udp", "vrrp"]
"""What a packet filter asks for; vrrp is an IP protocol of its own (112) and has no ports."""

KUBELET_PORT = 10250
BGP_PORT = 179
NODE_PORTS = (30000, 32767)
"""The API server's default for Services of type NodePort."""

VXLAN = {"flannel": 8472, "calico": 4789, "cilium": 8472}
"""Where the nodes' pod networks meet, over UDP."""

NOBODY: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Opening:
    """Ports of one host, and whom it lets in there.

    `hosts` are names of the cluster file; with `anyone` everybody else is let in, too. `dialled`
    are the hosts that need it for the cluster itself, `mesh` says that all of them need each other
    (a rehearsal on a large fleet then takes a sample). `first` and `last` are 0 without ports.
    """

    proto: Protocol
    first: int
    last: int
    what: str
    hosts: frozenset[str] = NOBODY
    anyone: bool = False
    dialled: frozenset[str] = NOBODY
    mesh: bool = False


@dataclass(frozen=True)
class Table:
    """The openings of every host of a cluster. Made once where many hosts are asked about."""

    spec: ClusterSpec
    planes: frozenset[str]
    nodes: frozenset[str]
    workers: frozenset[str]
    members: frozenset[str]
    balancers: frozenset[str]
    carriers: frozenset[str]
    registries: frozenset[str]
    pullers: frozenset[str]
    _known: dict[tuple[bool, ...], tuple[Opening, ...]] = field(default_factory=dict, init=False)

    @staticmethod
    def of(spec: ClusterSpec) -> Table:
        groups = (
            spec.control_planes,
            spec.nodes,
            spec.having("worker"),
            members(spec),
            spec.balancers,
            carriers(spec) if spec.has_keepalived else (),
            spec.having("registry"),
            tuple(host for host in spec.hosts if has_containerd(spec, host)),
        )
        return Table(spec, *(frozenset(host.name for host in group) for group in groups))

    def openings(self, host: str) -> tuple[Opening, ...]:
        """What the host of that name serves to others, in the order in which it is set up."""
        groups = (
            self.planes,
            self.members,
            self.nodes,
            self.balancers,
            self.carriers,
            self.workers,
            self.registries,
        )
        key = tuple(host in group for group in groups)
        if key not in self._known:
            self._known[key] = tuple(self._openings(host))
        return self._known[key]

    def _openings(self, host: str) -> Iterator[Opening]:
        if host in self.planes:
            # Pods reach the Service `kubernetes` on every node, and its addresses are the hosts'.
            # Clients from outside come through the proxies where there are any.
            askers = self.nodes | self.balancers
            anyone = not self.balancers
            yield _tcp(API_PORT, "Kubernetes API", askers, askers, anyone)
        if host in self.members:
            clients = self.planes | self.members
            yield _tcp(etcd.CLIENT_PORT, "etcd's clients", clients, clients)
            yield _tcp(etcd.PEER_PORT, "etcd's members", self.members, self.members)
        if host in self.nodes:
            # The metrics of kubelets are collected by a pod, whose node lends it its address.
            yield _tcp(KUBELET_PORT, "kubelet", self.nodes, self.planes)
            for proto, port, what in pod_network(self.spec):
                yield Opening(proto, port, port, what, self.nodes, dialled=self.nodes, mesh=True)
        if host in self.balancers:
            # Where a balancer of the admin's own stands in front, nobody else asks the proxies.
            dialled = self.nodes if self.spec.has_keepalived else NOBODY
            yield _tcp(self.spec.endpoint.port, "API endpoint", self.nodes, dialled, True)
        if host in self.carriers:
            yield Opening("vrrp", 0, 0, "virtual address (VRRP)", self.carriers)
        if host in self.registries:
            yield _tcp(self.spec.registry.port, "image registry", self.pullers, self.pullers)
        if host in self.workers:
            first, last = node_ports(self.spec)
            yield Opening("tcp", first, last, "Services (NodePort)", anyone=True)
            yield Opening("udp", first, last, "Services (NodePort)", anyone=True)


def _tcp(
    port: int,
    what: str,
    hosts: frozenset[str],
    dialled: frozenset[str],
    anyone: bool = False,
) -> Opening:
    return Opening("tcp", port, port, what, hosts, anyone, dialled)


def span(first: int, last: int) -> str:
    """Ports as packet filters write them: 6443, or 30000-32767."""
    return f"{first}" if first == last else f"{first}-{last}"


def openings(spec: ClusterSpec, host: HostSpec) -> tuple[Opening, ...]:
    """What `host` serves to others."""
    return Table.of(spec).openings(host.name)


def members(spec: ClusterSpec) -> tuple[HostSpec, ...]:
    """The hosts that run a member of etcd and must be reached by others for it."""
    if etcd.is_external(spec):
        return spec.having("etcd")
    return spec.control_planes if len(spec.control_planes) > 1 else ()


def pod_network(spec: ClusterSpec) -> tuple[tuple[Proto, int, str], ...]:
    """What nodes serve to each other for the pod network; nothing is known of one's own."""
    kind, encapsulation = spec.network.cni.kind, spec.network.cni.encapsulation
    found: list[tuple[Proto, int, str]] = []
    if kind in VXLAN and encapsulation != "never":
        found.append(("udp", VXLAN[kind], "pod network, VXLAN"))
    if kind == "calico" and encapsulation == "never":
        found.append(("tcp", BGP_PORT, "routes of the pod network, BGP"))
    if kind == "cilium":
        found.append(("tcp", 4240, "health of the pod network"))
    return tuple(found)


def is_routed(spec: ClusterSpec) -> bool:
    """Whether nodes send packets to pods of other nodes with their own addresses as the source."""
    cni = spec.network.cni
    return cni.kind == "bridge" or (cni.kind in VXLAN and cni.encapsulation != "always")


def pod_networks(spec: ClusterSpec, host: HostSpec) -> tuple[str, ...]:
    """The networks of pods and Services, where `host` has pods that talk from and to them."""
    return (spec.network.pods, spec.network.services) if is_node(spec, host) else ()


def node_ports(spec: ClusterSpec) -> tuple[int, int]:
    """The ports of Services of type NodePort."""
    api: Any = spec.advanced.kubeadm.get("ClusterConfiguration", {})
    for name in ("apiServer", "extraArgs"):
        api = api.get(name, {}) if isinstance(api, dict) else {}
    if isinstance(api, list):
        api = {one.get("name"): one.get("value") for one in api if isinstance(one, dict)}
    text = str(api.get("service-node-port-range", "")) if isinstance(api, dict) else ""
    first, _, last = text.partition("-")
    return (int(first), int(last)) if first.isdecimal() and last.isdecimal() else NODE_PORTS

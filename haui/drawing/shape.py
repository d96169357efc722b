"""A cluster's shape, from answers that may be half given, half wrong, or a complete spec.

`shape_of` never raises: what is missing or not understood counts as not answered yet. Hosts that
the topology needs and nobody has entered yet are placeholders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, cast

from haui.spec import ClusterSpec

TopologyKind = Literal["single", "stacked", "external"]
EndpointKind = Literal["", "kube-vip", "keepalived-haproxy", "keepalived-nginx", "external"]
Placement = Literal["control-plane", "load-balancer"]
Mode = Literal["", "arp", "bgp"]

_ROLES = ("control-plane", "worker", "etcd", "load-balancer", "registry", "storage")
_TOPOLOGIES = ("single", "stacked", "external")
_ENDPOINTS = ("kube-vip", "keepalived-haproxy", "keepalived-nginx", "external")
_LONGEST = 253  # of a DNS name; longer text is no name
_API_PORT, _BESIDE_API_PORT = 6443, 8443


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A host. `address` is empty when not given; a placeholder is not entered yet."""

    name: str
    address: str = ""
    roles: tuple[str, ...] = ()
    placeholder: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What the drawing and the facts are made from.

    `endpoint` is empty while nobody has chosen one; `mode` is empty but for kube-vip. `etcd` are
    the hosts that carry a member, which are the control planes unless the topology is external.
    `balancers` are the hosts with keepalived and a proxy, which may be the control planes.
    `workers` are those without the control plane. Names are as entered: hostile until cleaned.
    """

    name: str
    topology: TopologyKind
    endpoint: EndpointKind
    placement: Placement
    mode: Mode
    endpoint_name: str
    vip: str
    port: int
    control_planes: tuple[Node, ...]
    workers: tuple[Node, ...]
    etcd: tuple[Node, ...]
    balancers: tuple[Node, ...]
    registry: tuple[Node, ...]
    storage: tuple[Node, ...]

    @property
    def dedicated(self) -> bool:
        """Whether the balancers are hosts of their own."""
        return is_dedicated(self.endpoint, self.placement)

    @property
    def has_vip(self) -> bool:
        """Whether a host of the cluster holds a virtual address."""
        return self.endpoint not in ("", "external")

    @property
    def direct(self) -> bool:
        """Whether the endpoint's name leads to the only control plane, with nothing between."""
        return self.topology == "single" and self.endpoint in ("", "external") and not self.vip

    @property
    def planes_work(self) -> bool:
        """Whether a control plane takes ordinary pods."""
        return any("worker" in node.roles for node in self.control_planes)


def shape_of(answers: Mapping[str, Any] | ClusterSpec) -> Shape:
    """The shape of a cluster file's answers, in which anything may be missing or wrong.

    A ClusterSpec is taken as complete: it gets no placeholders.
    """
    complete = isinstance(answers, ClusterSpec)
    data = answers.model_dump(mode="json") if isinstance(answers, ClusterSpec) else answers
    topology = _one_of(_mapping(_get(data, "topology")).get("kind"), _TOPOLOGIES, "stacked")
    endpoint = _mapping(_get(data, "endpoint"))
    kind = _one_of(endpoint.get("kind"), _ENDPOINTS, "")
    places = ("control-plane", "load-balancer")
    placement = _one_of(endpoint.get("placement"), places, "control-plane")
    mode = _one_of(endpoint.get("mode"), ("arp", "bgp"), "arp") if kind == "kube-vip" else ""
    hosts = _hosts(_get(data, "hosts"))
    keepalived = kind.startswith("keepalived")
    dedicated = is_dedicated(kind, placement)
    rows = _rows(hosts, topology, dedicated, complete=complete)
    beside = keepalived and not dedicated
    return Shape(
        name=_text(_get(data, "name")),
        topology=cast("TopologyKind", topology),
        endpoint=cast("EndpointKind", kind),
        placement=cast("Placement", placement),
        mode=cast("Mode", mode),
        endpoint_name=_text(endpoint.get("name")),
        vip=_text(endpoint.get("vip")),
        port=_port(endpoint.get("port"), _BESIDE_API_PORT if beside else _API_PORT),
        control_planes=rows.planes,
        workers=rows.workers,
        etcd=rows.etcd if topology == "external" else rows.planes,
        balancers=rows.planes if beside else rows.balancers,
        registry=_with_role(hosts, "registry"),
        storage=_with_role(hosts, "storage"),
    )


def is_dedicated(kind: str, placement: str) -> bool:
    """Whether the balancers that haui sets up are hosts of their own."""
    return kind not in ("", "kube-vip") and placement == "load-balancer"


class _Rows(NamedTuple):
    planes: tuple[Node, ...]
    etcd: tuple[Node, ...]
    balancers: tuple[Node, ...]
    workers: tuple[Node, ...]


def _rows(hosts: tuple[Node, ...], topology: str, dedicated: bool, *, complete: bool) -> _Rows:
    """The hosts by what they do, filled up with placeholders unless they are complete."""
    planes, etcd = _with_role(hosts, "control-plane"), _with_role(hosts, "etcd")
    balancers = _with_role(hosts, "load-balancer") if dedicated else ()
    workers = tuple(h for h in _with_role(hosts, "worker") if "control-plane" not in h.roles)
    if complete:
        return _Rows(planes, etcd, balancers, workers)
    planes = _filled(planes, "cp", "control-plane", _planes_needed(topology, len(planes)))
    etcd = _filled(etcd, "et", "etcd", _odd(len(etcd)))
    if dedicated:
        balancers = _filled(balancers, "lb", "load-balancer", 2)
    if not workers and not any("worker" in node.roles for node in planes):
        workers = _filled((), "wk", "worker", 2)
    return _Rows(planes, etcd, balancers, workers)


def _get(data: object, key: str) -> object:
    return _mapping(data).get(key)


def _mapping(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    return value.strip()[:_LONGEST] if isinstance(value, str) else ""


def _one_of(value: object, allowed: Sequence[str], default: str) -> str:
    return value if isinstance(value, str) and value in allowed else default


def _port(value: object, default: int) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 5:
        value = int(value)
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 65536
    return cast("int", value) if fits else default


def _hosts(value: object) -> tuple[Node, ...]:
    if not isinstance(value, list | tuple):
        return ()
    found = []
    for number, item in enumerate(value, 1):
        if not isinstance(item, Mapping):
            continue
        said = item.get("roles")
        roles = said if isinstance(said, list | tuple) else ()
        address = _text(item.get("address"))
        known = tuple(role for role in _ROLES if role in roles)
        name = _text(item.get("name")) or address or f"host{number}"
        found.append(Node(name=name, address=address, roles=known))
    return tuple(found)


def _with_role(hosts: Sequence[Node], role: str) -> tuple[Node, ...]:
    return tuple(host for host in hosts if role in host.roles)


def _filled(nodes: tuple[Node, ...], prefix: str, role: str, count: int) -> tuple[Node, ...]:
    """`nodes` and as many placeholders as make `count` of them, under names that are free."""
    taken, number = {node.name for node in nodes}, len(nodes)
    missing: list[Node] = []
    while len(nodes) + len(missing) < count:
        number += 1
        name = f"{prefix}-{number}"
        if name not in taken:
            missing.append(Node(name=name, roles=(role,), placeholder=True))
    return (*nodes, *missing)


def _odd(count: int) -> int:
    """The next number of etcd members that makes sense: 3, 5 or 7."""
    return max(3, count + (count + 1) % 2)


def _planes_needed(topology: str, count: int) -> int:
    if topology == "single":
        return 1
    if topology == "stacked":
        return _odd(count)
    return count if count >= 2 else 3

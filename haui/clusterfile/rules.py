"""The rules between fields: what no single value of the cluster file can break alone.

`problems` finds contradictions, `refusals` finds choices that are valid but not in this version,
`notes` finds what is allowed and worth a second look. All three are pure. Network arithmetic is in
haui.clusterfile.networks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from haui.clusterfile.advanced import advanced_problems
from haui.clusterfile.endpoint import Bgp
from haui.clusterfile.networks import network_problems, vip_problems
from haui.clusterfile.pod_networks import (
    POD_NETWORKS,
    pod_network_notes,
    pod_network_problems,
)
from haui.clusterfile.problem import Loc, SpecProblem
from haui.clusterfile.registry_rules import registry_problems
from haui.folders import REHEARSALS
from haui.spec import ClusterSpec, HostSpec

API_PORT = 6443
TAKEN_PORTS = {
    API_PORT: "the API server itself",
    2379: "etcd's clients",
    2380: "etcd's peers",
    2381: "etcd's metrics",
    10248: "the kubelet's health check",
    10249: "kube-proxy's metrics",
    10250: "the kubelet",
    10256: "kube-proxy's health check",
    10257: "the controller manager",
    10259: "the scheduler",
}
STATISTICS_PORT = 8404  # of haproxy, on loopback; steps.endpoint uses it
OLDEST_PUBLISHED = 24  # pkgs.k8s.io has no packages of older minors
NODE_PORTS = range(30000, 32768)


def problems(spec: ClusterSpec) -> tuple[SpecProblem, ...]:
    """Every contradiction in the file; empty when it describes a cluster that can be built."""
    rules: tuple[Callable[[ClusterSpec], Iterable[SpecProblem]], ...] = (
        _name,
        _unique,
        _ssh_endpoints,
        _topology,
        _roles,
        _endpoint,
        _kube_vip,
        _bgp,
        _front_port,
        vip_problems,
        network_problems,
        pod_network_problems,
        _packages,
        _images,
        _registry,
        advanced_problems,
    )
    return tuple(problem for rule in rules for problem in rule(spec))


def _problem(loc: Loc, what: str, example: str = "") -> SpecProblem:
    return SpecProblem(loc=loc, what=what, example=example)


def _first_uses(
    items: Iterable[tuple[int, str]], field: str, noun: str, example: str
) -> Iterator[SpecProblem]:
    seen: dict[str, int] = {}
    for index, value in items:
        if value in seen:
            other = f"hosts[{seen[value]}]"
            yield _problem(("hosts", index, field), f"{value} is {other}'s {noun} already", example)
        seen.setdefault(value, index)


def _name(spec: ClusterSpec) -> Iterator[SpecProblem]:
    if spec.name == REHEARSALS:
        yield _problem(("name",), f"{spec.name} is the folder of haui's rehearsals", "name: atlas")


def _unique(spec: ClusterSpec) -> Iterator[SpecProblem]:
    names = ((i, host.name) for i, host in enumerate(spec.hosts))
    addresses = ((i, host.address) for i, host in enumerate(spec.hosts))
    yield from _first_uses(names, "name", "name", "name: wk-b")
    yield from _first_uses(addresses, "address", "address", "address: 10.30.0.22")
    for host in spec.hosts:
        if host.name == spec.endpoint.name:
            yield _problem(
                ("endpoint", "name"),
                f"{host.name} is the name of a host, which has an address of its own",
                "name: api.atlas.lan",
            )


def _ssh_endpoints(spec: ClusterSpec) -> Iterator[SpecProblem]:
    """Two hosts behind one SSH endpoint would be one machine that is installed twice."""
    seen: dict[tuple[str, int], int] = {}
    for index, host in enumerate(spec.hosts):
        where = (host.ssh.address or host.address, host.ssh.port or spec.ssh.port)
        first = seen.setdefault(where, index)
        if first != index and spec.hosts[first].address != host.address:
            field = "address" if host.ssh.address else "port"
            yield _problem(
                ("hosts", index, "ssh", field),
                f"{where[0]} port {where[1]} is hosts[{first}]'s SSH endpoint already",
                "ssh: {port: 2222}",
            )


def _topology(spec: ClusterSpec) -> Iterator[SpecProblem]:
    planes, kind = len(spec.control_planes), spec.topology.kind
    example = "roles: [control-plane]"
    if planes == 0:
        yield _problem(("hosts",), "no host has the role control-plane", example)
    elif kind == "single" and planes != 1:
        what = f"single means one control plane, but {planes} hosts have the role"
        yield _problem(("topology", "kind"), what, "kind: stacked")
    elif kind == "stacked" and planes == 1:
        what = "stacked needs 3, 5 or 7 control planes, but only one host has the role"
        yield _problem(("topology", "kind"), what, "kind: single")
    elif kind == "stacked" and planes not in (3, 5, 7):
        yield _problem(
            ("hosts",), _even(planes, "control planes", "each is an etcd member"), example
        )
    elif kind == "external" and planes > 7:
        yield _problem(("hosts",), f"{planes} control planes; more than 7 help nobody", "3")
    members = len(spec.having("etcd"))
    if kind == "external" and members not in (3, 5, 7):
        what = _even(members, "hosts with the role etcd", "each is an etcd member")
        yield _problem(("hosts",), what, "roles: [etcd] on 3 hosts")
    if not spec.having("worker"):
        yield _problem(
            ("hosts",),
            "no host has the role worker, so that nothing could run in the cluster; "
            "a control plane may have it as well",
            "roles: [control-plane, worker]",
        )


def _even(count: int, noun: str, why: str) -> str:
    advice = "; an even number survives no more than one less" if count and count % 2 == 0 else ""
    return f"{count} {noun}, but {why} and their number must be 3, 5 or 7{advice}"


def _roles(spec: ClusterSpec) -> Iterator[SpecProblem]:
    for index, host in enumerate(spec.hosts):
        loc = ("hosts", index, "roles")
        if "etcd" in host.roles and spec.topology.kind != "external":
            what = f"topology {spec.topology.kind} keeps etcd on the control planes"
            yield _problem(loc, what, "roles: [control-plane]")
        elif "etcd" in host.roles and {"control-plane", "worker"} & set(host.roles):
            what = "with topology external, etcd has hosts of its own, which are no nodes"
            yield _problem(loc, what, "roles: [etcd]")
        if "load-balancer" in host.roles and not spec.has_own_balancers:
            what = "no balancer is set up here: endpoint.kind and endpoint.placement say otherwise"
            yield _problem(loc, what, "placement: load-balancer")
        if host.labels and not {"control-plane", "worker"} & set(host.roles):
            what = "only nodes (control planes and workers) have labels"
            yield _problem(("hosts", index, "labels"), what)


def _endpoint(spec: ClusterSpec) -> Iterator[SpecProblem]:
    endpoint = spec.endpoint
    if endpoint.kind != "external" and endpoint.vip is None:
        what = f"{endpoint.kind} needs a virtual address: a free one in the hosts' subnet"
        yield _problem(("endpoint", "vip"), what, "vip: 10.30.0.10")
    if not spec.has_keepalived:
        if endpoint.placement == "load-balancer" and endpoint.kind == "kube-vip":
            what = "kube-vip runs on the control planes and has no hosts of its own to set up"
            yield _problem(("endpoint", "placement"), what, "placement: control-plane")
        if endpoint.virtual_router_id is not None:
            what = f"{endpoint.kind} does not speak VRRP; only keepalived has a router id"
            yield _problem(("endpoint", "virtual_router_id"), what, "virtual_router_id: null")
    if spec.has_own_balancers and len(spec.balancers) < 2:
        count = len(spec.balancers)
        hosts = "1 host has" if count == 1 else f"{count or 'no'} hosts have"
        what = f"{hosts} the role load-balancer; one may fail only when there are 2"
        yield _problem(("endpoint", "placement"), what, "roles: [load-balancer] on 2 hosts")
    if endpoint.kind == "external" and endpoint.interface is not None:
        what = "with an external balancer, haui puts no address on any interface"
        yield _problem(("endpoint", "interface"), what, "interface: null")


def _kube_vip(spec: ClusterSpec) -> Iterator[SpecProblem]:
    """What only kube-vip has, and what it has not: a port of its own."""
    endpoint = spec.endpoint
    if endpoint.kind == "kube-vip":
        if endpoint.port != API_PORT:
            what = (
                "kube-vip brings the address to a control plane and forwards nothing: clients "
                f"reach the API server itself, on {API_PORT}"
            )
            yield _problem(("endpoint", "port"), what, f"port: {API_PORT}")
    elif endpoint.mode != "arp":
        what = f"{endpoint.kind} has no mode; only kube-vip announces the address by BGP"
        yield _problem(("endpoint", "mode"), what, "kind: kube-vip")
    if endpoint.bgp != Bgp() and endpoint.mode != "bgp":
        what = "is said for nobody: only kube-vip with mode bgp announces anything"
        yield _problem(("endpoint", "bgp"), what, "mode: bgp")


def _bgp(spec: ClusterSpec) -> Iterator[SpecProblem]:
    """Whom kube-vip talks to, and as whom."""
    endpoint, loc = spec.endpoint, ("endpoint", "bgp")
    if endpoint.mode != "bgp" or endpoint.kind != "kube-vip":
        return
    if not endpoint.bgp.peers:
        what = "mode bgp needs at least one router to announce the virtual address to"
        yield _problem((*loc, "peers"), what, "peers: [{address: 10.30.0.1, asn: 65001}]")
    planes = {host.address: host.name for host in spec.control_planes}
    seen: dict[str, int] = {}
    for index, peer in enumerate(endpoint.bgp.peers):
        where = (*loc, "peers", index, "address")
        if peer.address in seen:
            what = f"{peer.address} is peers[{seen[peer.address]}]'s address already"
            yield _problem(where, what, "address: 10.30.0.2")
        elif peer.address in planes:
            what = f"{peer.address} is {planes[peer.address]}, which announces and is no router"
            yield _problem(where, what, "address: 10.30.0.1")
        elif peer.address == endpoint.vip:
            what = f"{peer.address} is the virtual address itself"
            yield _problem(where, what, "address: 10.30.0.1")
        seen.setdefault(peer.address, index)
    if not endpoint.bgp.router_interface and any(":" in address for address in planes):
        what = "a router id looks like an IPv4 address, and the control planes have IPv6"
        yield _problem((*loc, "router_interface"), what, "router_interface: ens3")


def _front_port(spec: ClusterSpec) -> Iterator[SpecProblem]:
    """What else listens where the balancers listen: they bind their port on every address."""
    port, loc = spec.endpoint.port, ("endpoint", "port")
    nodes = {host.name for host in spec.nodes}
    if spec.balancers and spec.endpoint.kind != "keepalived-nginx" and port == STATISTICS_PORT:
        yield _problem(loc, f"{port} is where haproxy shows its statistics", "port: 8443")
    for host in spec.balancers:
        if port == (host.ssh.port or spec.ssh.port) and host.ssh.address in (None, host.address):
            yield _problem(loc, f"{port} is the port of sshd on {host.name}", "port: 8443")
            return
        if host.name in nodes and (user := _node_use(port, host)):
            what = f"{port} is taken by {user} on {host.name}, which is a node as well"
            yield _problem(loc, what, "port: 8443")
            return


def _node_use(port: int, host: HostSpec) -> str:
    if port == API_PORT and "control-plane" not in host.roles:
        return ""
    if port in NODE_PORTS:
        return "Services of type NodePort"
    return TAKEN_PORTS.get(port, "")


def _packages(spec: ClusterSpec) -> Iterator[SpecProblem]:
    packages, loc = spec.supply.packages, ("supply", "packages")
    plain = (packages.mirror or "").startswith("http://")
    if not packages.mirror and spec.kubernetes.minor < OLDEST_PUBLISHED:
        what = f"pkgs.k8s.io has nothing older than 1.{OLDEST_PUBLISHED}; name a mirror that has it"
        yield _problem(("kubernetes", "version"), what, "mirror: http://mirror.lan/haui")
    if packages.unsigned and not packages.mirror:
        what = "only a mirror may be unsigned, and there is none"
        yield _problem((*loc, "unsigned"), what, "unsigned: false")
    elif packages.unsigned and packages.key:
        what = "a mirror has a key or is unsigned, not both"
        yield _problem((*loc, "unsigned"), what, "unsigned: false")
    elif plain and not packages.unsigned and not packages.key:
        what = "a mirror without https needs its key, or unsigned: true where you trust the network"
        yield _problem((*loc, "mirror"), what, "key: ./mirror.asc")
    if packages.key and not packages.mirror:
        what = "the key belongs to a mirror, and there is none"
        yield _problem((*loc, "key"), what, "mirror: http://mirror.lan/haui")


def _images(spec: ClusterSpec) -> Iterator[SpecProblem]:
    images = spec.supply.images
    if images.registries or images.repository or spec.network.cni.repository:
        return
    # haui gives its own registry a CA; a login it may have.
    for field in ("ca",) if spec.having("registry") else ("ca", "username"):
        if getattr(images, field):
            what = "there is no registry of your own that this could be for"
            yield _problem(("supply", "images", field), what, "repository: hub.lan/k8s")


def _registry(spec: ClusterSpec) -> Iterable[SpecProblem]:
    return registry_problems(spec, _node_use)


def refusals(spec: ClusterSpec) -> tuple[SpecProblem, ...]:
    """Choices that the format knows and this version doesn't build, with what to choose instead."""
    found = [
        _problem(loc, f"{value} ({meaning}) is not in this version of haui", instead)
        for loc, value, meaning, instead in _unbuilt(spec)
    ]
    return tuple(found)


def _unbuilt(spec: ClusterSpec) -> Iterator[tuple[Loc, str, str, str]]:
    kind = spec.network.cni.kind
    if kind in POD_NETWORKS and ":" in spec.network.pods:
        yield ("network", "pods"), "IPv6", f"{kind} with an IPv6 network", "pods: 10.60.0.0/16"
    for index, host in enumerate(spec.hosts):
        loc = ("hosts", index, "roles")
        if "storage" in host.roles:
            yield loc, "storage", "storage set up by haui", "leave the host out"


def notes(spec: ClusterSpec) -> tuple[SpecProblem, ...]:
    """What is allowed and worth a second look before the first change."""
    found = list(pod_network_notes(spec))
    if spec.network.kube_proxy == "ipvs" and spec.kubernetes.minor >= 35:
        what = "ipvs is deprecated from Kubernetes 1.35"
        found.append(_problem(("network", "kube_proxy"), what, "kube_proxy: nftables"))
    if spec.topology.kind == "single":
        what = "a single control plane is not highly available: when it fails, the API is gone"
        found.append(_problem(("topology", "kind"), what, "kind: stacked"))
    if spec.supply.packages.unsigned:
        what = "packages are trusted without a signature"
        found.append(_problem(("supply", "packages", "unsigned"), what, "key: ./mirror.asc"))
    if "all" in (name.lower() for name in spec.advanced.ignore_preflight_errors):
        what = "every check of kubeadm may fail unseen"
        found.append(_problem(("advanced", "ignore_preflight_errors"), what))
    return tuple(found)

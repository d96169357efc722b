"""Ports that the cluster will listen on, who holds them, and what the kernel hands out itself."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from haui.spec import ClusterSpec, HostSpec
from steps import endpoint, endpoint_kube_vip, etcd
from steps.checks.check import Answer, Check, Look, blocks, command, passes, skips, warns, words
from steps.checks.kubernetes import is_joined
from steps.kubeadm import API_PORT
from steps.ports import KUBELET_PORT, Proto, node_ports, pod_network
from steps.where import is_node

REHEARSAL = "haui-probe"
"""What haui's own listeners are called, see steps/scripts/preflight_listen_lib.sh: a haui that was
killed leaves them for a moment, and the next rehearsal takes their place."""

_PROXY_NAMES = ("kube-proxy",)
_OVERLAY_NAMES: dict[str, tuple[str, ...]] = {
    "calico": ("calico-node", "bird"),
    "cilium": ("cilium-agent", "cilium"),
    "flannel": ("flanneld",),
}
_LOCAL: dict[str, tuple[tuple[int, str, str], ...]] = {
    "calico": ((9099, "health of Calico", "calico-node"),),
    "cilium": (
        (9234, "health of Cilium's operator", "cilium-operator"),
        (9879, "health of Cilium", "cilium-agent"),
    ),
}
"""Where the kubelet asks the pod network's programs on the host itself. The kernel cuts names of
processes off after 15 characters."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port of the cluster on one host, and the programs of the cluster that hold it."""

    proto: Proto
    number: int
    what: str
    ours: tuple[str, ...]

    @property
    def shown(self) -> str:
        return f"{self.number}/{self.proto}"


def ports(spec: ClusterSpec, host: HostSpec) -> tuple[Port, ...]:
    """What must be free on `host`, or held by this cluster; in order of the numbers."""
    found = {(port.proto, port.number): port for port in _ports(spec, host)}
    return tuple(found[key] for key in sorted(found, key=lambda key: (key[1], key[0])))


def _ports(spec: ClusterSpec, host: HostSpec) -> Iterator[Port]:
    def tcp(number: int, what: str, *ours: str) -> Port:
        return Port("tcp", number, what, ours)

    if "control-plane" in host.roles:
        yield tcp(API_PORT, "API server", "kube-apiserver")
        yield tcp(10257, "controller manager", "kube-controller", "kube-controller-manager")
        yield tcp(10259, "scheduler", "kube-scheduler")
        if endpoint_kube_vip.uses_kube_vip(spec):
            yield tcp(int(endpoint_kube_vip.METRICS.rpartition(":")[2]), "kube-vip", "kube-vip")
    if is_node(spec, host):
        yield tcp(KUBELET_PORT, "kubelet", "kubelet")
        yield tcp(10248, "health of the kubelet", "kubelet")
        if spec.network.kube_proxy != "none":
            yield tcp(10249, "metrics of kube-proxy", *_PROXY_NAMES)
            yield tcp(10256, "health of kube-proxy", *_PROXY_NAMES)
        else:
            yield tcp(10256, "health of Services", *_OVERLAY_NAMES["cilium"])
        kind = spec.network.cni.kind
        for number, what, program in _LOCAL.get(kind, ()):
            yield tcp(number, what, program)
        for proto, number, what in pod_network(spec):
            yield Port(proto, number, what, _OVERLAY_NAMES[kind])
    members = spec.having("etcd") if etcd.is_external(spec) else spec.control_planes
    if host in members:
        yield tcp(etcd.CLIENT_PORT, "etcd's clients", "etcd")
        yield tcp(etcd.PEER_PORT, "etcd's members", "etcd")
        yield tcp(2381, "metrics of etcd", "etcd")
    if host in spec.balancers:
        proxy = endpoint.proxy(spec)
        yield tcp(spec.endpoint.port, "API endpoint", proxy)
        if endpoint.has_haproxy(spec, host):
            yield tcp(endpoint.LOCAL_PORT, "health of haproxy", proxy)


def _taken(look: Look) -> Answer:
    if look.facts.count("listeners") is None:
        return skips("nobody could say who listens (`ss` is missing)")
    rows = look.facts.rows("listener", 5)
    wanted = ports(look.spec, look.host)
    expected = "free, or held by this cluster: " + ", ".join(port.shown for port in wanted)
    joined = is_joined(look)
    held, strange = [], []
    for port in wanted:
        for proto, at, number, process, pid in rows:
            if (proto, number) != (port.proto, str(port.number)):
                continue
            # The kernel itself holds a port of VXLAN, so nobody is named.
            kernel = process == "-" and joined and proto == "udp"
            who = "an unnamed process" if process == "-" else f"{process} (pid {pid})"
            if process in port.ours or kernel:
                held.append(f"{port.shown} by {'the kernel' if kernel else process}")
            elif process == REHEARSAL:
                held.append(f"{port.shown} by a listener of haui's, which ends by itself")
            elif not _elsewhere(at):
                strange.append(f"{port.shown} ({port.what}) by {who} on {at}")
    if strange:
        return blocks(
            " · ".join(dict.fromkeys(strange)),
            words("Stop these programs, move them to other ports, or take another host."),
            expected,
        )
    seen = " · ".join(dict.fromkeys(held)) or f"all {len(wanted)} free"
    return passes(seen, expected)


def _elsewhere(at: str) -> bool:
    """Whether an address is one of the kernel's stubs that no port of the cluster touches."""
    return at in ("127.0.0.53", "127.0.0.54")


def _range(look: Look) -> Answer:
    try:
        low, high = (int(part) for part in (look.facts.one("port.range") or "").split())
    except ValueError:
        return skips("the kernel does not say which local ports it hands out")
    first, last = node_ports(look.spec)
    wanted = [(port.number, port.number) for port in ports(look.spec, look.host)]
    if is_node(look.spec, look.host):
        wanted.append((first, last))
    reserved = _reserved(look.facts.one("port.reserved") or "")
    open_ = [
        (a, b)
        for a, b in wanted
        if a <= high and b >= low and not _is_reserved(max(a, low), min(b, high), reserved)
    ]
    expected = "none of the cluster's ports"
    if not open_:
        return passes(f"{low}-{high} for outgoing connections", expected)
    text = ",".join(dict.fromkeys(f"{a}-{b}" if a != b else f"{a}" for a, b in open_))
    keep = ",".join(dict.fromkeys([*(f"{a}-{b}" for a, b in reserved), *text.split(",")]))
    line = shlex.quote(f"net.ipv4.ip_local_reserved_ports = {keep}")
    path = "/etc/sysctl.d/zz-haui-ports.conf"
    return warns(
        f"the kernel takes {low}-{high} for outgoing connections, with {text} in it",
        command(
            "Have the kernel leave them out.", f"printf '%s\\n' {line} >{path} && sysctl -p {path}"
        ),
        expected,
    )


def _reserved(text: str) -> list[tuple[int, int]]:
    found = []
    for part in text.replace(",", " ").split():
        first, _, last = part.partition("-")
        if first.isdecimal() and (last or first).isdecimal():
            found.append((int(first), int(last or first)))
    return found


def _is_reserved(first: int, last: int, reserved: list[tuple[int, int]]) -> bool:
    at = first
    for a, b in sorted(reserved):
        if a <= at <= b:
            at = b + 1
    return at > last


CHECKS: tuple[Check, ...] = (
    Check(
        id="ports.free",
        title="Ports of the cluster",
        area="ports",
        why="What finds its port taken does not start: kubeadm stops, or a pod restarts for ever.",
        look=_taken,
    ),
    Check(
        id="ports.range",
        title="Ports of outgoing connections",
        area="ports",
        why="Now and then an outgoing connection takes a port that a Service or a component needs.",
        look=_range,
    ),
)

"""What is known of the pod networks that haui sets up, and the rules that follow from it. Pure.

Sources: the releases of flannel, Calico and Cilium; for the Kubernetes that they are tested with,
Calico's system requirements and Cilium's page on compatibility.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from haui.clusterfile.problem import Loc, SpecProblem
from haui.spec import ClusterSpec

NFTABLES_MINOR = 31
TYPHA_NODES = 50
"""Upstream's manifest without Typha is made for that many nodes."""

CNI: Loc = ("network", "cni")
PROXY: Loc = ("network", "kube_proxy")


@dataclass(frozen=True, slots=True, kw_only=True)
class PodNetwork:
    """A pod network that comes as images.

    `version` is the one that haui's manifest was written for. With `series` ("3.32") only its
    patches fit that manifest; without, any version does. `oldest` is the first minor of Kubernetes
    that it works with, `tested` the first and last one that its makers test it with.
    """

    name: str
    version: str
    series: str = ""
    oldest: int = 0
    tested: tuple[int, int] | None = None


POD_NETWORKS = {
    "flannel": PodNetwork(name="flannel", version="0.28.9"),
    # The API of EndpointSlices that both read came with 1.21.
    "calico": PodNetwork(
        name="Calico", version="3.32.1", series="3.32", oldest=21, tested=(34, 36)
    ),
    "cilium": PodNetwork(
        name="Cilium", version="1.20.2", series="1.20", oldest=21, tested=(33, 36)
    ),
}


def pod_network_problems(spec: ClusterSpec) -> Iterator[SpecProblem]:
    """Contradictions between the pod network, kube-proxy and Kubernetes' version."""
    yield from _own(spec)
    yield from _version(spec)
    yield from _encapsulation(spec)
    yield from _kube_proxy(spec)


def pod_network_notes(spec: ClusterSpec) -> Iterator[SpecProblem]:
    """What is allowed and worth a second look."""
    cni, known = spec.network.cni, POD_NETWORKS.get(spec.network.cni.kind)
    minor = spec.kubernetes.minor
    if known and known.tested and known.oldest <= minor and not _between(minor, known.tested):
        first, last = known.tested
        what = (
            f"{known.name} {known.series} is tested by its makers with Kubernetes 1.{first} to "
            f"1.{last}, this is {spec.kubernetes.version}"
        )
        yield _problem((*CNI, "kind"), what, "kind: flannel")
    if cni.kind == "calico" and len(spec.nodes) > TYPHA_NODES:
        what = (
            f"{len(spec.nodes)} nodes all watch the API server: above {TYPHA_NODES}, Calico's "
            "makers put Typha in between, which haui does not set up"
        )
        yield _problem((*CNI, "kind"), what, "kind: cilium")


def _between(minor: int, span: tuple[int, int]) -> bool:
    return span[0] <= minor <= span[1]


def _problem(loc: Loc, what: str, example: str = "") -> SpecProblem:
    return SpecProblem(loc=loc, what=what, example=example)


def _own(spec: ClusterSpec) -> Iterator[SpecProblem]:
    """What only some kinds have."""
    cni = spec.network.cni
    if cni.manifest and cni.kind != "none":
        what = f"a manifest of your own goes with kind none, not with {cni.kind}"
        yield _problem((*CNI, "manifest"), what, "kind: none")
    if cni.kind in POD_NETWORKS:
        return
    if cni.version:
        yield _problem((*CNI, "version"), f"kind {cni.kind} has no version", "version: null")
    if cni.repository:
        what = f"kind {cni.kind} has no images that haui would name"
        yield _problem((*CNI, "repository"), what, "repository: null")
    if cni.encapsulation != "always":
        what = (
            "the bridge never encapsulates, its nodes are in one segment"
            if cni.kind == "bridge"
            else "kind none leaves encapsulation to your manifest"
        )
        yield _problem((*CNI, "encapsulation"), what, "encapsulation: always")
    if cni.mtu and cni.kind == "none":
        yield _problem((*CNI, "mtu"), "kind none leaves the MTU to your manifest", "mtu: null")


def _version(spec: ClusterSpec) -> Iterator[SpecProblem]:
    known = POD_NETWORKS.get(spec.network.cni.kind)
    if known is None:
        return
    version = spec.network.cni.version
    if version and known.series and not version.startswith(f"{known.series}."):
        what = f"haui's manifest is for {known.name} {known.series}, and {version} reads another"
        yield _problem((*CNI, "version"), what, f"version: {known.version}")
    if spec.kubernetes.minor < known.oldest:
        what = (
            f"{known.name} {known.series} needs Kubernetes 1.{known.oldest} or newer, "
            f"this is {spec.kubernetes.version}"
        )
        yield _problem((*CNI, "kind"), what, "kind: flannel")


def _encapsulation(spec: ClusterSpec) -> Iterator[SpecProblem]:
    cni = spec.network.cni
    if cni.kind == "cilium" and cni.encapsulation == "across-subnets":
        what = "Cilium wraps the packets of all nodes or of none"
        yield _problem((*CNI, "encapsulation"), what, "encapsulation: always")
    if cni.kind == "flannel" and cni.encapsulation == "never" and cni.mtu:
        what = "flannel without encapsulation takes the interface's own MTU"
        yield _problem((*CNI, "mtu"), what, "mtu: null")


def _kube_proxy(spec: ClusterSpec) -> Iterator[SpecProblem]:
    mode, kind = spec.network.kube_proxy, spec.network.cni.kind
    if mode == "nftables" and spec.kubernetes.minor < NFTABLES_MINOR:
        what = f"nftables needs Kubernetes 1.{NFTABLES_MINOR} or newer, this is "
        yield _problem(PROXY, what + spec.kubernetes.version, "kube_proxy: iptables")
    if mode == "none" and kind != "cilium":
        who = "a pod network of your own" if kind == "none" else kind
        what = f"without kube-proxy nobody serves Services: cilium can, {who} is not known to"
        yield _problem(PROXY, what, "kube_proxy: iptables")

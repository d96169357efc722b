"""The rules of pod networks and kube-proxy: what can't be combined, and what would do instead."""

from __future__ import annotations

import pytest

from haui.clusterfile.load import load_text
from haui.clusterfile.pod_networks import POD_NETWORKS
from haui.clusterfile.rules import notes
from tests.unit.spec_samples import BASE, broken, line_of, problems_of

OLD = ("packages: {}", "packages: {mirror: 'https://mirror.lan', key: mirror.asc}")
PROXY = "kube_proxy: iptables"
CNI = "{kind: flannel}"
Edit = tuple[str, str]

CASES: dict[str, tuple[list[Edit], str, str, str]] = {
    "manifest for flannel": (
        [(CNI, "{kind: flannel, manifest: x.yaml} # here")],
        "network.cni.manifest", "goes with kind none", "kind: none",
    ),
    "version for bridge": (
        [(CNI, "{kind: bridge, version: 1.0.0} # here")],
        "network.cni.version", "has no version", "version: null",
    ),
    "mtu for none": (
        [(CNI, "{kind: none, mtu: 1400} # here")],
        "network.cni.mtu", "your manifest", "mtu: null",
    ),
    "repository for bridge": (
        [(CNI, "{kind: bridge, repository: hub.lan/x} # here")],
        "network.cni.repository", "has no images", "repository: null",
    ),
    "encapsulation of the bridge": (
        [(CNI, "{kind: bridge, encapsulation: never} # here")],
        "network.cni.encapsulation", "never encapsulates", "encapsulation: always",
    ),
    "encapsulation of your own": (
        [(CNI, "{kind: none, encapsulation: never} # here")],
        "network.cni.encapsulation", "leaves encapsulation to your manifest", "always",
    ),
    "cilium across subnets": (
        [(CNI, "{kind: cilium, encapsulation: across-subnets} # here")],
        "network.cni.encapsulation", "all nodes or of none", "encapsulation: always",
    ),
    "flannel's mtu without encapsulation": (
        [(CNI, "{kind: flannel, encapsulation: never, mtu: 1400} # here")],
        "network.cni.mtu", "the interface's own MTU", "mtu: null",
    ),
    "another calico": (
        [(CNI, "{kind: calico, version: 3.29.1} # here")],
        "network.cni.version", "haui's manifest is for Calico 3.32", "version: 3.32.1",
    ),
    "calico that only begins alike": (
        [(CNI, "{kind: calico, version: 3.321.0} # here")],
        "network.cni.version", "haui's manifest is for Calico 3.32", "version: 3.32.1",
    ),
    "another cilium": (
        [(CNI, "{kind: cilium, version: 1.19.0} # here")],
        "network.cni.version", "haui's manifest is for Cilium 1.20", "version: 1.20.2",
    ),
    "calico too new": (
        [(CNI, "{kind: calico} # here"), ("1.36.4", "1.20.2"), OLD],
        "network.cni.kind", "Calico 3.32 needs Kubernetes 1.21", "kind: flannel",
    ),
    "cilium too new": (
        [(CNI, "{kind: cilium} # here"), ("1.36.4", "1.20.2"), OLD],
        "network.cni.kind", "Cilium 1.20 needs Kubernetes 1.21", "kind: flannel",
    ),
    "nftables too early": (
        [("1.36.4", "1.30.9"), (PROXY, "kube_proxy: nftables # here")],
        "network.kube_proxy", "needs Kubernetes 1.31", "kube_proxy: iptables",
    ),
    "nobody for Services": (
        [(PROXY, "kube_proxy: none # here")],
        "network.kube_proxy", "flannel is not known to", "kube_proxy: iptables",
    ),
    "calico for Services": (
        [(CNI, "{kind: calico}"), (PROXY, "kube_proxy: none # here")],
        "network.kube_proxy", "calico is not known to", "kube_proxy: iptables",
    ),
    "your own for Services": (
        [(CNI, "{kind: none}"), (PROXY, "kube_proxy: none # here")],
        "network.kube_proxy", "a pod network of your own is not known to", "kube_proxy: iptables",
    ),
    "calico with IPv6": (
        [(CNI, "{kind: calico}"), ("10.60.0.0/16", "fd00:60::/56 # here"),
         ("10.61.0.0/16", "fd00:61::/112")],
        "network.pods", "IPv6 (calico with an IPv6 network) is not in this version", "10.60.0.0/16",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("edits", "path", "words", "instead"), CASES.values(), ids=CASES.keys())
def test_what_can_not_be_combined_is_refused_with_what_can(
    edits: list[Edit], path: str, words: str, instead: str
) -> None:
    text = broken(*edits[0], *edits[1:])
    found = [problem for problem in problems_of(text) if problem.path == path]
    assert words in " · ".join(problem.what for problem in found)
    assert instead in " · ".join(problem.example for problem in found)
    assert {problem.line for problem in found} == {line_of(text)}


@pytest.mark.parametrize(
    ("edits"),
    [
        [(CNI, "{kind: calico}")],
        [(CNI, "{kind: calico, version: 3.32.9, encapsulation: across-subnets, mtu: 1400}")],
        [(CNI, "{kind: calico, encapsulation: never}"), (PROXY, "kube_proxy: nftables")],
        [(CNI, "{kind: cilium, repository: hub.lan/mirror}"), (PROXY, "kube_proxy: none")],
        [(CNI, "{kind: cilium, encapsulation: never, mtu: 9000}"), (PROXY, "kube_proxy: ipvs")],
        [(CNI, "{kind: flannel, encapsulation: across-subnets, version: 0.27.0}")],
        [(CNI, "{kind: cilium}"), ("1.36.4", "1.28.15"), (PROXY, "kube_proxy: none")],
    ],
)
def test_what_can_be_combined(edits: list[Edit]) -> None:
    assert problems_of(broken(*edits[0], *edits[1:])) == ()


@pytest.mark.parametrize(
    ("cni", "version", "told"),
    [
        ("calico", "1.33.1", "Calico 3.32 is tested by its makers with Kubernetes 1.34 to 1.36"),
        ("calico", "1.34.0", ""),
        ("calico", "1.36.4", ""),
        ("cilium", "1.32.9", "Cilium 1.20 is tested by its makers with Kubernetes 1.33 to 1.36"),
        ("cilium", "1.33.0", ""),
        ("flannel", "1.28.15", ""),
    ],
)
def test_kubernetes_that_upstream_does_not_test_is_noted(cni: str, version: str, told: str) -> None:
    text = BASE.replace(CNI, f"{{kind: {cni}}}").replace("1.36.4", version)
    found = [
        note.what
        for note in notes(load_text(text, name="a.yaml").spec)
        if note.path == "network.cni.kind"
    ]
    assert bool(found) == bool(told)
    assert told in " ".join(found)


def test_calico_without_typha_is_noted_on_large_fleets() -> None:
    def nodes(count: int) -> str:
        rows = "".join(
            f"  - {{name: wk-{i}, address: 10.30.1.{i}, roles: [worker]}}\n" for i in range(count)
        )
        return BASE.replace(CNI, "{kind: calico}").replace("hosts:\n", f"hosts:\n{rows}")

    few, many = (notes(load_text(nodes(count), name="a.yaml").spec) for count in (45, 46))
    assert not [note for note in few if "Typha" in note.what]
    assert next(note.what for note in many if "Typha" in note.what).startswith("51 nodes")


def test_pinned_versions_belong_to_their_series() -> None:
    for known in POD_NETWORKS.values():
        assert known.version.startswith(known.series)

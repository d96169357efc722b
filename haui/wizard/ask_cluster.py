"""What is asked on the cluster page."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from haui.clusterfile.pod_networks import NFTABLES_MINOR, POD_NETWORKS
from haui.clusterfile.problem import Loc
from haui.wizard.answers import Answers, value_at
from haui.wizard.ask_registry import has_registry
from haui.wizard.question import Choice, Question

CNI_KIND: Loc = ("network", "cni", "kind")


def _kind(answers: Answers) -> Any:
    return value_at(answers, CNI_KIND) or "flannel"


def _cni(*kinds: str) -> Callable[[Answers], bool]:
    return lambda answers: _kind(answers) in kinds


def _minor(answers: Answers) -> int | None:
    """Of Kubernetes; None while its version can't be read."""
    found = re.match(r"1\.(\d{1,3})\b", str(value_at(answers, ("kubernetes", "version"))))
    return int(found[1]) if found else None


def _too_old(kind: str) -> Callable[[Answers], str]:
    known = POD_NETWORKS[kind]

    def why(answers: Answers) -> str:
        minor = _minor(answers)
        needs = f"{known.name} {known.series} needs Kubernetes 1.{known.oldest} or newer"
        return needs if minor is not None and minor < known.oldest else ""

    return why


def _no_nftables(answers: Answers) -> str:
    minor = _minor(answers)
    if minor is None or minor >= NFTABLES_MINOR:
        return ""
    return f"needs Kubernetes 1.{NFTABLES_MINOR} or newer"


def _nobody_instead(answers: Answers) -> str:
    return "" if _kind(answers) == "cilium" else "only Cilium takes kube-proxy's place"


def _all_or_none(answers: Answers) -> str:
    return "Cilium wraps the packets of all nodes or of none" if _kind(answers) == "cilium" else ""


def _named(kind: str) -> str:
    return f"{POD_NETWORKS[kind].name} {POD_NETWORKS[kind].version}"


def _mirror(answers: Answers) -> bool:
    return bool(value_at(answers, ("supply", "packages", "mirror")))


def _own_registry(answers: Answers) -> bool:
    images = ("supply", "images")
    return any(value_at(answers, (*images, key)) for key in ("repository", "registries"))


def _login(answers: Answers) -> bool:
    return _own_registry(answers) or has_registry(answers)


CLUSTER = (
    Question(
        loc=("kubernetes", "version"),
        page="cluster",
        group="Kubernetes",
        label="Version",
        kind="text",
    ),
    Question(
        loc=("network", "pods"),
        page="cluster",
        group="Network",
        label="Pods",
        kind="text",
        locked="every node has its part of it",
    ),
    Question(
        loc=("network", "services"),
        page="cluster",
        group="Network",
        label="Services",
        kind="text",
        locked="the API server's certificate and every Service use it",
    ),
    Question(
        loc=("network", "dns_domain"),
        page="cluster",
        group="Network",
        label="DNS domain",
        kind="text",
        locked="every pod's resolver uses it",
    ),
    Question(
        loc=CNI_KIND,
        page="cluster",
        group="Network",
        label="Pod network",
        kind="choice",
        locked="changing it later cuts off every pod",
        choices=(
            Choice(
                value="flannel",
                label=_named("flannel"),
                note="Small and proven, VXLAN between nodes. No network policies.",
                recommended=True,
            ),
            Choice(
                value="calico",
                label=_named("calico"),
                note="Network policies. Kernel 5.10; VXLAN, or BGP without encapsulation.",
                barred=_too_old("calico"),
            ),
            Choice(
                value="cilium",
                label=_named("cilium"),
                note="eBPF; policies, can take kube-proxy's place. Kernel 5.10.",
                barred=_too_old("cilium"),
            ),
            Choice(
                value="bridge",
                label="bridge",
                note="Reference plugins and static routes, for nodes in one segment. No image.",
            ),
            Choice(value="none", label="None", note="You bring a manifest, or install one later."),
        ),
    ),
    Question(
        loc=("network", "cni", "manifest"),
        page="cluster",
        group="Network",
        label="Manifest",
        kind="file",
        shown=_cni("none"),
    ),
    Question(
        loc=("network", "cni", "version"),
        page="cluster",
        group="Network",
        label="Its version",
        kind="text",
        shown=_cni("flannel", "calico", "cilium"),
        more=True,
    ),
    Question(
        loc=("network", "cni", "mtu"),
        page="cluster",
        group="Network",
        label="MTU",
        kind="number",
        shown=_cni("flannel", "calico", "cilium", "bridge"),
        more=True,
    ),
    Question(
        loc=("network", "cni", "encapsulation"),
        page="cluster",
        group="Network",
        label="Wrap packets",
        kind="choice",
        shown=_cni("flannel", "calico", "cilium"),
        more=True,
        choices=(
            Choice(value="always", label="Always, in VXLAN", recommended=True),
            Choice(
                value="across-subnets",
                label="Across subnets",
                note="Between nodes in one segment as they are.",
                barred=_all_or_none,
            ),
            Choice(
                value="never",
                label="Never",
                note="Nodes route to each other: in one segment, with Calico by BGP.",
            ),
        ),
    ),
    Question(
        loc=("network", "cni", "repository"),
        page="cluster",
        group="Network",
        label="Its images",
        kind="text",
        shown=_cni("flannel", "calico", "cilium"),
        more=True,
    ),
    Question(
        loc=("network", "kube_proxy"),
        page="cluster",
        group="Network",
        label="Services by",
        kind="choice",
        more=True,
        choices=(
            Choice(value="iptables", label="iptables", recommended=True),
            Choice(
                value="nftables",
                label="nftables",
                note="From Kubernetes 1.31 and kernel 5.13 on.",
                barred=_no_nftables,
            ),
            Choice(value="ipvs", label="ipvs", note="Deprecated from Kubernetes 1.35 on."),
            Choice(
                value="none", label="No kube-proxy", note="Cilium does it.", barred=_nobody_instead
            ),
        ),
    ),
    Question(
        loc=("supply", "packages", "mirror"),
        page="cluster",
        group="Packages",
        label="Mirror",
        kind="text",
    ),
    Question(
        loc=("supply", "packages", "key"),
        page="cluster",
        group="Packages",
        label="Its key",
        kind="file",
        shown=_mirror,
    ),
    Question(
        loc=("supply", "packages", "unsigned"),
        page="cluster",
        group="Packages",
        label="Unsigned",
        kind="flag",
        shown=_mirror,
    ),
    Question(
        loc=("supply", "images", "repository"),
        page="cluster",
        group="Images",
        label="Repository",
        kind="text",
    ),
    Question(
        loc=("supply", "images", "registries"),
        page="cluster",
        group="Images",
        label="Mirrors",
        kind="map",
    ),
    Question(
        loc=("supply", "images", "ca"),
        page="cluster",
        group="Images",
        label="Their CA",
        kind="file",
        shown=_own_registry,
    ),
    Question(
        loc=("supply", "images", "username"),
        page="cluster",
        group="Images",
        label="Login",
        kind="text",
        shown=_login,
    ),
    Question(
        loc=("supply", "images", "verify_image"),
        page="cluster",
        group="Images",
        label="Test image",
        kind="text",
        more=True,
    ),
    Question(
        loc=("supply", "proxy", "http"), page="cluster", group="Proxy", label="http", kind="text"
    ),
    Question(
        loc=("supply", "proxy", "https"), page="cluster", group="Proxy", label="https", kind="text"
    ),
    Question(
        loc=("supply", "proxy", "no_proxy"),
        page="cluster",
        group="Proxy",
        label="Directly",
        kind="list",
        more=True,
    ),
)

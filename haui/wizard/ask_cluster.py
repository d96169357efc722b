"""What is asked on the cluster page."""

from __future__ import annotations

from collections.abc import Callable

from haui.wizard.answers import Answers, value_at
from haui.wizard.ask_registry import has_registry
from haui.wizard.question import Choice, Question


def _cni(*kinds: str) -> Callable[[Answers], bool]:
    return lambda answers: (value_at(answers, ("network", "cni", "kind")) or "flannel") in kinds


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
        loc=("network", "cni", "kind"),
        page="cluster",
        group="Network",
        label="Pod network",
        kind="choice",
        locked="changing it later cuts off every pod",
        choices=(
            Choice(
                value="flannel",
                label="flannel",
                note="Small and proven, VXLAN between nodes. No network policies.",
                recommended=True,
            ),
            Choice(
                value="calico", label="Calico", note="Network policies, BGP where it is wanted."
            ),
            Choice(value="cilium", label="Cilium", note="eBPF; can take kube-proxy's place."),
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
        loc=("network", "kube_proxy"),
        page="cluster",
        group="Network",
        label="Services by",
        kind="choice",
        more=True,
        choices=(
            Choice(value="iptables", label="iptables", recommended=True),
            Choice(value="nftables", label="nftables", note="From Kubernetes 1.31 on."),
            Choice(value="ipvs", label="ipvs", note="Deprecated from Kubernetes 1.35 on."),
            Choice(value="none", label="No kube-proxy", note="The pod network does it."),
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

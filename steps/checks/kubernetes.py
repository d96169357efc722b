"""Another Kubernetes on the host, and what a removed one has left."""

from __future__ import annotations

import re
import shlex
from pathlib import PurePosixPath

from haui.spec import ClusterSpec, HostSpec
from steps.checks.check import Answer, Check, Look, blocks, command, passes, skips, warns, words
from steps.checks.network_managers import units
from steps.kubeadm import API_PORT, url_host
from steps.where import is_node

_UNITS = {
    "k3s": "k3s",
    "k3s-agent": "k3s",
    "rke2-server": "rke2",
    "rke2-agent": "rke2",
    "k0scontroller": "k0s",
    "k0sworker": "k0s",
    "snap.microk8s.daemon-kubelite": "microk8s",
}
_REMOVE = {
    "k3s": "k3s-uninstall.sh or k3s-agent-uninstall.sh",
    "rke2": "rke2-uninstall.sh",
    "k0s": "k0s stop, then k0s reset",
    "microk8s": "snap remove --purge microk8s",
}
_LINKS = re.compile(
    r"cni0|flannel[.\w-]*|cali[0-9a-f]+|vxlan(-v6)?\.calico|wireguard\.cali|wg-v6\.cali|"
    r"cilium_\w+|lxc_health|kube-ipvs0|kube-bridge|nodelocaldns|weave|antrea-gw0"
)
"""Interfaces that a pod network or kube-proxy makes."""

_CNI_FILES = {
    "flannel": "10-flannel.conflist",
    "bridge": "10-haui-bridge.conflist",
    "calico": "10-calico.conflist",
    "cilium": "05-cilium.conflist",
}
CHAINS = "KUBE-|CNI-|cali-|FLANNEL-|CILIUM_|WEAVE-"
DROP_CHAINS = (
    "command -v iptables-save iptables-restore >/dev/null || "
    "{ echo 'iptables is missing: restart the host instead' >&2; exit 1; }; "
    "for tool in iptables ip6tables; do "
    f"$tool-save | grep -vE '{CHAINS}' | $tool-restore || exit 1; done; "
    "for family in ip ip6; do nft delete table $family kube-proxy 2>/dev/null; done; true"
)


def is_joined(look: Look) -> bool:
    """Whether the host is a node of this very cluster: an install is continued, or is over."""
    spec, own = look.spec, url_host(look.host.address)
    ours = {
        f"https://{spec.endpoint.name}:{spec.endpoint.port}",
        f"https://{own}:{API_PORT}",
    }
    server = look.facts.one("kubernetes.server")
    return server is not None and server.rstrip("/") in ours


def _other(look: Look) -> Answer:
    seen = {name: f"{name} ({path})" for name, path in look.facts.rows("kubernetes.other", 2)}
    for unit, (active, enabled) in units(look).items():
        if unit in _UNITS and (active == "active" or enabled == "enabled"):
            seen.setdefault(_UNITS[unit], f"{_UNITS[unit]} ({unit}.service)")
    if not seen:
        return passes("none")
    ways = "; ".join(_REMOVE.get(name, name) for name in seen)
    return blocks(
        ", ".join(seen.values()),
        words(f"Uninstall it ({ways}), or take the host out of the cluster file."),
        "none",
    )


def _cluster(look: Look) -> Answer:
    server = look.facts.one("kubernetes.server")
    expected = "none, or this cluster"
    if is_joined(look):
        return passes(f"this cluster ({server})", expected)
    if server:
        return blocks(
            f"a node of {server}",
            words("Drain it there and run 'kubeadm reset' on it, or take it out of the cluster "
                  "file."),
            expected,
        )  # fmt: skip
    paths = [PurePosixPath(path) for path in look.facts.all("kubernetes.file")]
    # kube-vip's is placed before kubeadm runs, so that an install may have stopped there.
    pods = [p.name for p in paths if p.parent.name == "manifests" and p.stem != "kube-vip"]
    if pods:
        return blocks(
            f"static pods without a cluster: {', '.join(pods)}",
            words("Run 'kubeadm reset' on the host, or remove /etc/kubernetes/manifests/*."),
            expected,
        )
    return passes("none", expected)


def _links(look: Look) -> Answer:
    rows = look.facts.rows("link", 2)
    if not rows:
        return skips("the host told no interfaces (is `ip` missing?)")
    found = [name for name, _ in rows if _LINKS.fullmatch(name)]
    # The kernel's module makes tunl0 by itself; with an address somebody has used it.
    routed = {device for device, _ in look.facts.rows("address", 2)}
    kernel = [name for name, _ in rows if name == "tunl0" and name in routed]
    if is_joined(look):
        return passes("those of this cluster")
    if not found and not kernel:
        return passes("none")
    names = " ".join(shlex.quote(name) for name in found)
    parts = [f'for link in {names}; do ip link delete "$link" 2>/dev/null; done'] if found else []
    parts += ["ip address flush dev tunl0"] if kernel else []
    return warns(
        ", ".join([*found[:12], *kernel]) + (f" and {len(found) - 12} more" * (len(found) > 12)),
        command("Delete these interfaces; only another cluster's pods use them.",
                "; ".join([*parts, "true"])),
        "no interface of a pod network",
    )  # fmt: skip


def _chains(look: Look) -> Answer:
    if is_joined(look):
        return passes("those of this cluster")
    rows = look.facts.rows("netfilter.chains", 2)
    if not rows and look.facts.yes("firewall.asked") is not True:
        return skips("the kernel's rules could not be listed (`nft` is missing)")
    if not rows:
        return passes("none")
    return warns(
        ", ".join(f"{count} of {name}*" for name, count in rows),
        command("Remove these rules and chains; a restart of the host does it too.", DROP_CHAINS),
        "no chain of Kubernetes or of a pod network",
    )


def _paths(look: Look) -> Answer:
    if is_joined(look):
        return passes("those of this cluster")
    found = look.facts.all("leftover")
    if not found:
        return passes("none")
    quoted = " ".join(shlex.quote(path) for path in found)
    return warns(
        ", ".join(found),
        command("Remove what the former pod network has kept.", f"rm -rf -- {quoted}"),
        "nothing of a former pod network",
    )


def _cni(look: Look) -> Answer:
    files = sorted(PurePosixPath(path).name for path in look.facts.all("cni.config"))
    own = _CNI_FILES.get(look.spec.network.cni.kind, "")
    foreign = [name for name in files if name != own]
    if is_joined(look):
        return passes(", ".join(files) or "none yet")
    if not foreign:
        return passes(", ".join(files) or "none")
    names = " ".join(shlex.quote(f"/etc/cni/net.d/{name}") for name in foreign)
    fix = command(
        "Put them aside: containerd reads only .conf, .conflist and .json.",
        f'for file in {names}; do mv -- "$file" "$file.aside" || exit 1; done',
    )
    expected = f"only {own}" if own else "none"
    seen = f"/etc/cni/net.d: {', '.join(foreign)}"
    if own and foreign[0] < own:
        return blocks(f"{seen}; containerd takes the first by name", fix, expected)
    return warns(seen, fix, expected)


def _node(spec: ClusterSpec, host: HostSpec) -> bool:
    return is_node(spec, host)


CHECKS: tuple[Check, ...] = (
    Check(
        id="kubernetes.other",
        title="Other distributions of Kubernetes",
        area="kubernetes",
        why="Two kubelets on one host fight for its pods, ports and cgroups.",
        look=_other,
        marker="containerd.config",
    ),
    Check(
        id="kubernetes.cluster",
        title="Node of another cluster",
        area="kubernetes",
        why="The install would tear the host out of a cluster that still counts on it, or mix two.",
        look=_cluster,
        marker="containerd.config",
    ),
    Check(
        id="kubernetes.links",
        title="Interfaces of a former pod network",
        area="kubernetes",
        why="The new pod network finds an interface with its name and foreign addresses.",
        look=_links,
    ),
    Check(
        id="kubernetes.chains",
        title="Packet filter rules of a former cluster",
        area="kubernetes",
        why="Old rules redirect packets of the new cluster's Services and pods.",
        look=_chains,
        on=_node,
    ),
    Check(
        id="kubernetes.paths",
        title="Files of a former pod network",
        area="kubernetes",
        why="A pod network takes over old node names, networks and used-up addresses from there.",
        look=_paths,
        marker="containerd.config",
        on=_node,
    ),
    Check(
        id="kubernetes.cni",
        title="Configuration of the pod network",
        area="kubernetes",
        why="containerd takes the first file in /etc/cni/net.d: pods would join a foreign network.",
        look=_cni,
        marker="containerd.config",
        on=_node,
    ),
)

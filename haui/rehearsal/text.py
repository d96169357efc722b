"""What simulated hosts say: durations, output and findings per step, all from tables and a seed.

A step is recognised by the longest prefix of its id that a table knows, so that a new step has a
plausible voice without being named here. Nothing in this module depends on time or state.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from typing import TypeVar

T = TypeVar("T")

SECONDS: Mapping[str, float] = {
    "": 3,
    "system": 2,
    "packages": 6,
    "packages.base": 12,
    "runtime.containerd": 11,
    "runtime.kubernetes": 18,
    "runtime.images": 20,
    "etcd": 2,
    "etcd.install": 14,
    "etcd.member": 4,
    "endpoint": 7,
    "endpoint.kube_vip": 1,
    "control_plane": 4,
    "control_plane.init": 35,
    "control_plane.join": 27,
    "network": 3,
    "network.cni": 12,
    "workers": 3,
    "workers.join": 13,
    "verify": 9,
}
"""Seconds that a step's apply takes at speed 1, by id prefix. The kubeadm numbers are those of runs
on real hosts with images already pulled."""

_APT = (
    "Reading package lists...",
    "Building dependency tree...",
    "The following NEW packages will be installed: {names}",
    "Get:1 mirror ./ {names} [{size} MB]",
    "Selecting previously unselected package {first}.",
    "Unpacking {first} ...",
    "Setting up {first} ...",
    "Processing triggers for systemd ...",
)
_INIT = (
    "[init] Kubernetes version {version}",
    "[preflight] checking this host before the first change",
    "[preflight] images for the control plane are present",
    "[certs] certificate folder /etc/kubernetes/pki",
    "[certs] made ca, apiserver, apiserver-kubelet-client",
    "[certs] made front-proxy-ca, front-proxy-client",
    "[certs] made etcd/ca, etcd/server, etcd/peer, etcd/healthcheck-client",
    "[kubeconfig] wrote admin.conf, kubelet.conf, controller-manager.conf, scheduler.conf",
    "[etcd] static pod manifest of the local member written",
    "[control-plane] manifests of apiserver, controller-manager, scheduler written",
    "[kubelet-start] configuration written, kubelet started",
    "[wait-control-plane] static pods come up",
    "[control-plane-check] the API answers",
    "[upload-config] kubeadm-config and kubelet-config stored in kube-system",
    "[mark-control-plane] {host} labelled and tainted",
    "[bootstrap-token] RBAC rules for joining nodes in place",
    "[addons] CoreDNS and kube-proxy applied",
    "control plane on {host} is up",
)
_JOIN = (
    "[preflight] checking this host before it joins",
    "[preflight] cluster configuration read",
    "[download-certs] shared certificates fetched and decrypted",
    "[certs] certificates for {host} made",
    "[kubeconfig] kubeconfig files written",
    "[check-etcd] the members that exist are healthy",
    "[kubelet-start] kubelet started",
    "[etcd] member announced, static pod manifest written",
    "[etcd] waiting until the new member has caught up",
    "[upload-config] status stored",
    "[mark-control-plane] {host} labelled and tainted",
    "{host} is a control plane of the cluster now",
)
_WORKER = (
    "[preflight] checking this host before it joins",
    "[preflight] cluster configuration read",
    "[kubelet-start] configuration written",
    "[kubelet-start] kubelet started, waiting for its certificate",
    "{host} is a node of the cluster now",
)
LINES: Mapping[str, tuple[str, ...]] = {
    "": ("begin {step} on {host}", "placing files", "applying", "done {step}"),
    "system.swap": ("swap units are masked", "swap is off"),
    "system.modules": ("loaded overlay", "loaded br_netfilter"),
    "system.sysctl": ("net.ipv4.ip_forward = 1", "net.bridge.bridge-nf-call-iptables = 1"),
    "system.hosts": ("wrote the cluster's names to /etc/hosts",),
    "system.time": ("chrony: the clock is synchronised",),
    "system.firewall": ("Rule added", "Rule added", "Rule added"),
    "packages.source": ("package source of Kubernetes {version} written", *_APT[:2]),
    "packages.base": _APT,
    "runtime.containerd": (*_APT, "plugin configuration written", "containerd restarted"),
    "runtime.kubernetes": (*_APT, "kubeadm, kubelet and kubectl are held"),
    "runtime.images": ("pulling pause", "pulling etcd", "pulling kube-apiserver", "all are here"),
    "etcd.ca": ("made the key of etcd's CA", "made the certificate of etcd's CA"),
    "etcd.trust": ("placed the certificate of etcd's CA",),
    "etcd.install": ("pulling the etcd image", "etcd and etcdctl are in /usr/local/bin"),
    "etcd.certificates": ("placed server, peer and healthcheck-client of {host}",),
    "etcd.member": ("settings of {host} written", "etcd.service started", "listens on port 2380"),
    "etcd.client": ("placed apiserver-etcd-client of {host}",),
    "endpoint.haproxy": (*_APT, "haproxy: the configuration is valid", "haproxy started"),
    "endpoint.nginx": (*_APT, "nginx: the configuration is valid", "nginx started"),
    "endpoint.keepalived": (*_APT, "keepalived started"),
    "endpoint.kube_vip": ("manifest of kube-vip placed",),
    "control_plane.kube_vip": ("manifest of kube-vip placed", "kube-vip of {host} is ready"),
    "control_plane.init": _INIT,
    "control_plane.join": _JOIN,
    "network.plugins": ("plugins are in /opt/cni/bin",),
    "network.unmanaged": ("NetworkManager does not run here",),
    "network.bridge": ("routes to the other nodes set", "bridge configuration written"),
    "network.cni": ("manifest applied", "waiting for the first pods", "the first pods are ready"),
    "workers.join": _WORKER,
    "workers.labels": ("labels set",),
    "verify": ("test workload created", "replicas are ready", "test workload removed"),
}
"""Output of a step's apply by id prefix."""

PACKAGES: Mapping[str, str] = {
    "": "ca-certificates gnupg",
    "packages.base": "conntrack ethtool ipset socat",
    "runtime.kubernetes": "kubeadm kubelet kubectl",
    "runtime.containerd": "containerd runc",
    "endpoint.haproxy": "haproxy",
    "endpoint.nginx": "nginx libnginx-mod-stream",
    "endpoint.keepalived": "keepalived",
}

FACTS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "": (("state of {step}", "applied", "not applied"),),
    "system.swap": (("swap", "off", "2048 MB on /dev/vda2"),),
    "system.modules": (("overlay", "loaded", "absent"), ("br_netfilter", "loaded", "absent")),
    "system.sysctl": (("net.ipv4.ip_forward", "1", "0"),),
    "system.hosts": (("names in /etc/hosts", "all", "none"),),
    "system.time": (("time", "synchronised", "no time service"),),
    "system.firewall": (("ufw: allow 8443/tcp", "open", "not open"),),
    "packages.source": (("package source of Kubernetes", "{version}", "absent"),),
    "packages.base": (("base packages", "installed", "4 missing"),),
    "runtime.containerd": (
        ("containerd", "active", "not installed"),
        ("cgroup driver", "systemd", "none"),
    ),
    "runtime.kubernetes": (
        ("kubeadm", "{version}", "not installed"),
        ("kubelet", "{version}", "not installed"),
        ("kubectl", "{version}", "not installed"),
    ),
    "runtime.images": (("images of the control plane", "pulled", "absent"),),
    "etcd.ca": (("etcd CA", "present", "absent"),),
    "etcd.trust": (("certificate of etcd's CA", "present", "absent"),),
    "etcd.install": (("programs etcd and etcdctl", "as installed", "absent"),),
    "etcd.certificates": (
        ("certificate server", "valid", "absent"),
        ("certificate peer", "valid", "absent"),
        ("certificate healthcheck-client", "valid", "absent"),
    ),
    "etcd.member": (
        ("data in /var/lib/etcd", "of this cluster", "none"),
        ("etcd.service", "active", "absent"),
    ),
    "etcd.client": (("certificate apiserver-etcd-client", "valid", "absent"),),
    "endpoint.haproxy": (("haproxy", "active", "not installed"),),
    "endpoint.nginx": (("nginx", "active", "not installed"),),
    "endpoint.keepalived": (("keepalived", "active", "not installed"),),
    "endpoint.kube_vip": (("manifest of kube-vip", "in place", "absent"),),
    "control_plane.kube_vip": (
        ("manifest of kube-vip", "with admin.conf", "with super-admin.conf"),
        ("pod of kube-vip", "ready", "from another manifest"),
    ),
    "control_plane.kube_vip_join": (
        ("manifest of kube-vip", "with admin.conf", "absent"),
        ("pod of kube-vip", "ready", "absent"),
    ),
    "control_plane.init": (
        ("/etc/kubernetes/admin.conf", "present", "absent"),
        ("API server", "ok", "no answer"),
    ),
    "control_plane.join": (
        ("etcd member {host}", "voter", "no member"),
        ("API server", "ok", "no answer"),
    ),
    "network.plugins": (("CNI plugins", "in /opt/cni/bin", "absent"),),
    "network.bridge": (("routes to the pods of other nodes", "set", "absent"),),
    "network.unmanaged": (("NetworkManager", "has read haui's file", "not yet"),),
    "network.cni": (("pods of the pod network", "ready", "absent"),),
    "network.rollout": (("agents of the pod network", "all pods ready", "none"),),
    "workers.join": (("kubelet of {host}", "registered", "no node"),),
    "workers.labels": (("labels of the nodes", "set", "absent"),),
    "preflight": (
        ("operating system", "Debian or Ubuntu", ""),
        ("architecture", "x86_64 or aarch64", ""),
        ("init", "systemd", ""),
        ("privilege", "root", ""),
        ("processors", "enough", ""),
        ("memory", "enough", ""),
        ("disk of /var/lib", "enough", ""),
        ("other Kubernetes", "none", ""),
        ("port 6443", "free or ours", ""),
    ),
}
"""What a probe looks at by id prefix: what, expected, and what a fresh host shows."""

SIGHT: Mapping[str, str] = {
    "Debian or Ubuntu": "Debian GNU/Linux 12 (bookworm)",
    "x86_64 or aarch64": "x86_64",
    "free or ours": "free",
}
"""What is seen where it satisfies what was expected without being the same words."""

HOSTILE: tuple[bytes, ...] = (
    b"\x1b[2J\x1b[1;1H\x1b]0;gone\x07\x1b[31mred without an end",
    b"\xff\xfe\xfa not utf-8 \xc3(",
    b"progress 10%\rprogress 50%\rprogress 100%",
    b"\x1bP+q544e\x1b\\\x1b[?1049h\x1b[6n\x9b31m",
    b"wide " + b"x" * 200_000,
    "right to left \u202eevil\u202c and \u0007 bell \u2028 break".encode(),
    b"NUL \0 inside",
)
"""Lines that a terminal, a decoder or a log should survive."""


def by_prefix(table: Mapping[str, T], step: str) -> T:
    """The entry of the longest dotted prefix of `step` that `table` has; "" is always there."""
    parts = step.split(".")
    for size in range(len(parts), 0, -1):
        if (key := ".".join(parts[:size])) in table:
            return table[key]
    return table[""]


def dice(*parts: object) -> random.Random:
    """A random source that depends on `parts` alone, the same in every process."""
    return random.Random(":".join(str(part) for part in parts))


def seconds_of(step: str, rng: random.Random) -> float:
    """How long the step takes at speed 1, with up to 20 % of jitter."""
    return by_prefix(SECONDS, step) * rng.uniform(0.8, 1.2)


def narrate(step: str, host: str, version: str, rng: random.Random) -> tuple[str, ...]:
    """The lines that the step's apply prints on that host."""
    names = by_prefix(PACKAGES, step)
    words = {
        "host": host,
        "step": step,
        "version": f"v{version}",
        "names": names,
        "first": names.split()[0],
        "size": f"{rng.uniform(8, 60):.1f}",
    }
    return tuple(line.format(**words) for line in by_prefix(LINES, step))


def failure(step: str) -> tuple[str, ...]:
    """The last lines of a step that was asked to fail."""
    if re.search(r"init|join", step):
        return (
            "error: the kubelet did not become healthy within its time",
            f"error: {step} failed on request of the rehearsal",
        )
    return (f"error: {step} failed on request of the rehearsal",)


def evidence(
    step: str, title: str, host: str, version: str, done: bool
) -> tuple[tuple[str, str, str, str], ...]:
    """Probe rows (verdict, what, expected, seen) of a step that is done, or is not."""
    words = {"host": host, "step": step, "title": title or step, "version": f"v{version}"}
    rows = []
    for what, expected, fresh in by_prefix(FACTS, step):
        want = expected.format(**words)
        seen = SIGHT.get(want, want) if done else fresh
        rows.append(("ok" if done else "differs", what.format(**words), want, seen))
    return tuple(rows)


def table(rows: tuple[tuple[str, str, str, str], ...]) -> bytes:
    """Rows as a probe prints them: one finding a line, tab separated."""
    return "".join("\t".join(row) + "\n" for row in rows).encode()

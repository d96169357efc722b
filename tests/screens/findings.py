"""Findings of a preflight, made up: the same whatever checks there are by now."""

from __future__ import annotations

from typing import Any

from haui.wizard.preflight import LOGIN, Check, HostReport

HOSTS = ("cp1", "cp2", "cp3", "wk1", "wk2")

FINE: tuple[tuple[str, str, str], ...] = (
    (LOGIN, "login", "logged in"),
    ("ssh.root", "Root", "sudo without a password"),
    ("system.os", "Operating system", "Debian GNU/Linux 12 (bookworm)"),
    ("sizes.memory", "Memory", "16384 MB"),
    ("disks.space", "Free space", "/var/lib: 41 GB"),
    ("kernel.modules", "Kernel modules", "br_netfilter, overlay: usable"),
    ("kubernetes.other", "Other Kubernetes", "none"),
    ("network.vip", "Virtual address", "10.30.0.10 answers nobody"),
    ("clock.synchronised", "Synchronised clock", "by systemd-timesyncd"),
    ("ports.free", "Free ports", "6443 10250: free"),
    ("supply.packages", "Packages", "containerd 1.7.24, kubelet 1.31.4"),
    ("fleet.names", "Names", "all differ"),
)
SKIPPED = ("disks.speed", "Speed of etcd's disk", "fio is not there and dd has no oflag=dsync")

VIP: dict[str, Any] = {
    "what": "Virtual address", "seen": "answered by 52:54:00:1c:aa:01",
    "expected": "no answer", "why": "Two machines with one address lose connections by turns.",
    "fix": "Choose a free endpoint.vip; 10.30.0.10 is taken.",
    "fix_kind": "answer", "fix_with": "endpoint", "page": "endpoint", "overridable": True,
}  # fmt: skip
PORT: dict[str, Any] = {
    "what": "Free ports", "seen": "6443: held by k3s (pid 812)",
    "why": "kube-apiserver could not listen there.", "fix": "Stop k3s on this host.",
    "fix_kind": "command", "fix_with": "systemctl disable --now k3s", "overridable": True,
}  # fmt: skip
MEMORY: dict[str, Any] = {
    "what": "Memory", "seen": "6900 MB", "expected": "about 8192 MB",
    "why": "Without memory pods are ended at random.", "fix": "Give the host more memory.",
    "page": "topology",
}  # fmt: skip
CLOCK: dict[str, Any] = {
    "what": "Synchronised clock", "seen": "no time service yet", "why": "Certificates need it.",
    "fix": "haui installs chrony.", "fix_kind": "haui", "fix_with": "system.time",
}  # fmt: skip
PASSED: dict[str, Any] = {
    "what": "Free space", "seen": "/var/lib: 4 GB", "expected": "20 GB", "why": "Images need room.",
    "fix": "Make room below /var/lib.", "override": "a test machine, replaced in May", "by": "ops",
    "overridable": True,
}  # fmt: skip
NOTED: dict[str, Any] = {"what": "Proxy", "seen": "http_proxy is set for root", "why": "Told."}
SILENT: dict[str, Any] = {
    "what": "10.30.0.22 port 22 does not answer", "seen": "no answer within 10 s",
    "fix": "is the host up, and does a firewall drop port 22?", "page": "access",
    "expected": "a login as root or with sudo",
}  # fmt: skip


def check(host: str, id: str, weight: Any = "ok", **parts: Any) -> Check:
    return Check(host=host, id=id, what=parts.pop("what", id), weight=weight, **parts)


def fine(host: str) -> tuple[Check, ...]:
    id, what, seen = SKIPPED
    return (
        *(check(host, id, what=what, seen=seen) for id, what, seen in FINE),
        check(host, id, "skipped", what=what, seen=seen, why="etcd waits for it at every write."),
    )


def done(host: str, *checks: Check) -> HostReport:
    """A host on which all else is fine."""
    ids = {each.id for each in checks}
    rest = tuple(each for each in fine(host) if each.id not in ids)
    return HostReport(host=host, state="done", checks=(*rest, *checks))


def mixed() -> tuple[HostReport, ...]:
    """Something of every weight."""
    return (
        done("cp1", check("cp1", "network.vip", "blocks", **VIP)),
        done("cp2", check("cp2", "network.vip", "blocks", **VIP)),
        done(
            "cp3",
            check("cp3", "network.vip", "blocks", **VIP),
            check("cp3", "ports.free", "blocks", **PORT),
        ),
        done(
            "wk1",
            check("wk1", "sizes.memory", "warning", **MEMORY),
            check("wk1", "disks.space", "overridden", **PASSED),
        ),
        done(
            "wk2",
            check("wk2", "clock.synchronised", "haui will do", **CLOCK),
            check("wk2", "network.proxy", "info", **NOTED),
        ),
    )


def clean(count: int = 5) -> tuple[HostReport, ...]:
    names = HOSTS if count == 5 else ("cp1", "cp2", "cp3", *(f"wk{n}" for n in range(1, count - 2)))
    return tuple(done(name) for name in names)


def unreachable() -> tuple[HostReport, ...]:
    silent = HostReport(host="wk2", state="done", checks=(check("wk2", LOGIN, "blocks", **SILENT),))
    return (*clean()[:4], silent)


def midway() -> tuple[HostReport, ...]:
    """Two hosts are done, of one the first facts are there."""
    return (
        *clean()[:2],
        HostReport(host="cp3", state="checking", checks=fine("cp3")[:7]),
        HostReport(host="wk1", state="checking"),
        HostReport(host="wk2"),
    )

"""What a healthy host tells of itself: system."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from haui.spec import ClusterSpec, HostSpec


def facts(spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    """Key and value, as facts_system of steps/scripts prints them."""
    yield "os.id", "debian"
    yield "os.version", "12"
    yield "os.name", "Debian GNU/Linux 12 (bookworm)"
    yield "arch", "x86_64"
    yield "uid", "0"
    yield "init", "systemd"
    yield "systemd.state", "running"
    yield "virt", "kvm"
    yield "vendor", "QEMU"
    yield "product", "Standard PC (Q35 + ICH9, 2009)"
    yield "product-uuid", _uuid("product", host)
    yield "machine-id", _uuid("machine", host).replace("-", "")
    yield "boot-id", _uuid("boot", host)
    yield "cpu.missing", "none"
    yield "hostname", host.name
    yield "hostname.static", host.name
    yield "cloudinit", "absent"
    yield "selinux", "disabled"
    yield "apparmor", "yes"
    yield "apparmor.parser", "yes"
    yield "fips", "no"
    yield "uptime", "86400.25"
    yield "load", "0.08 0.05 0.01"
    yield "cpu.steal", "0.0"
    yield "kernel.log", "read"
    yield "limit.files", "524288"
    yield "limit.tasks", "4915"
    yield "hugepages", "0 2048"
    yield "numa", "1"


def _uuid(kind: str, host: HostSpec) -> str:
    """An identity that no other host has, and that stays."""
    digest = hashlib.sha256(f"{kind} {host.name}".encode()).hexdigest()
    return "-".join((digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32]))

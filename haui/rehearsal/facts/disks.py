"""What a healthy host tells of itself: disks."""

from __future__ import annotations

from collections.abc import Iterator

from haui.spec import ClusterSpec, HostSpec
from steps.checks.mounts import CONTAINERD, ETCD, data_paths
from steps.checks.sizes import minimum

_OPTIONS = "rw,relatime,errors=remount-ro"
_ON_ROOT = (
    "/", "/etc", "/opt", "/opt/cni", "/opt/cni/bin", "/usr", "/usr/local", "/usr/local/bin",
    "/var", "/var/lib", "/var/lib/dpkg", "/var/lib/haui", "/var/lib/kubelet",
)  # fmt: skip
_IN_MEMORY = {"/run": "0:25", "/tmp": "0:38"}


def facts(spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    """Key and value, as facts_disks of steps/scripts prints them: a disk for the system, one for
    logs, one for containerd, and one for etcd."""
    data = data_paths(spec, host)
    size = max(20, minimum(spec, host)[2]) * 954
    for path in _ON_ROOT:
        yield from _mount(path, "/dev/vda1", "254:1", "/", size)
    for path, device in _IN_MEMORY.items():
        yield "mount", f"{path} tmpfs tmpfs 2048 12 2036 500000 499200 rw,nosuid,nodev"
        yield "mount.at", f"{path} {device} {path}"
    yield from _mount("/var/log", "/dev/vda2", "254:2", "/var/log", 10_000)
    for path, name, device in ((CONTAINERD, "vdb", "254:16"), (ETCD, "vdc", "254:32")):
        if path in data:
            yield from _mount(path, f"/dev/{name}", device, path, 40_000)
        else:
            yield from _mount(path, "/dev/vda1", "254:1", "/", size)
    for path in ("/", "/etc", "/opt", "/run", "/tmp", "/usr", "/usr/local/bin", "/var", "/var/lib"):
        yield "writable", f"{path} yes"
    yield "tmp.mode", "1777"
    yield "rotational", "0"
    yield "etcd.member", "no"
    yield "etcd.manifest", "no"
    yield "swap.asked", "yes"
    yield "swap.target", "free"


def _mount(path: str, source: str, device: str, at: str, size: int) -> Iterator[tuple[str, str]]:
    inodes = size * 64
    numbers = f"{size} {size // 20} {size * 9 // 10} {inodes} {inodes * 9 // 10}"
    yield "mount", f"{path} ext4 {source} {numbers} {_OPTIONS}"
    yield "mount.at", f"{path} {device} {at}"

"""The file systems of a host as its facts tell them, and which of its folders a cluster fills."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from haui.evidence import Facts
from haui.spec import ClusterSpec, HostSpec
from steps.checks.sizes import has_etcd
from steps.where import is_node

CONTAINERD, KUBELET, ETCD = "/var/lib/containerd", "/var/lib/kubelet", "/var/lib/etcd"

VOLATILE = frozenset({"tmpfs", "ramfs", "rootfs"})
NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "ceph", "glusterfs", "lustre", "gfs2", "ocfs2", "afs", "9p",
     "virtiofs", "beegfs"}
)  # fmt: skip
GOOD = frozenset({"ext4", "xfs", "btrfs", "ext3", "f2fs", "bcachefs"})


@dataclass(frozen=True, slots=True)
class Mount:
    """The file system that holds `path`, or will hold it. Sizes in MB."""

    path: str
    fstype: str
    source: str
    size: int
    used: int
    free: int
    inodes: int
    inodes_free: int
    options: frozenset[str]
    device: str = ""
    point: str = ""

    @property
    def identity(self) -> str:
        """Tells file systems apart."""
        return self.device or f"{self.source} {self.fstype}"

    @property
    def far(self) -> bool:
        """Whether its files are on another machine."""
        return self.fstype in NETWORK or self.fstype.startswith("fuse.")

    @property
    def named(self) -> str:
        """Where it is, for people."""
        return f"{self.point or self.path} ({self.fstype}, {self.source})"


DIGITS = 18
"""Of a number that counts something of a file system; a longer one is nonsense."""


# A host's checks follow each other, and a dozen of them ask.
@lru_cache(maxsize=4)
def mounts(facts: Facts) -> Mapping[str, Mount]:
    """By path. Rows that are malformed are left out."""
    places = {row[0]: row[1:] for row in facts.rows("mount.at", 3)}
    found: dict[str, Mount] = {}
    for path, fstype, source, *numbers, options in facts.rows("mount", 9):
        if all(number.isdecimal() and len(number) <= DIGITS for number in numbers):
            size, used, free, inodes, inodes_free = (int(number) for number in numbers)
            device, point = places.get(path, ("", ""))
            found[path] = Mount(
                path, fstype, source, size, used, free, inodes, inodes_free,
                frozenset(options.split(",")), device, point,
            )  # fmt: skip
    return found


def held(facts: Facts, paths: Iterable[str]) -> Iterator[tuple[Mount, tuple[str, ...]]]:
    """The file systems that hold these paths, each once, with those of the paths that are there."""
    groups: dict[str, list[Mount]] = {}
    known = mounts(facts)
    for path in paths:
        if path in known:
            groups.setdefault(known[path].identity, []).append(known[path])
    for group in groups.values():
        yield group[0], tuple(mount.path for mount in group)


def data_paths(spec: ClusterSpec, host: HostSpec) -> tuple[str, ...]:
    """The folders in which the roles of `host` keep their data."""
    paths = []
    if has_etcd(spec, host):
        paths.append(ETCD)
    if is_node(spec, host):
        paths += [CONTAINERD, KUBELET]
    if set(host.roles) - {"worker", "etcd"}:
        paths.append("/")
    if "load-balancer" in host.roles:
        paths.append("/var/log")
    return tuple(paths)

"""What stays different on a host that was reset, on purpose: told to people, and left out when
hosts are compared."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """What stays different on a host that was reset: `what` for people, and `why`.

    `where` are the paths (shell patterns) or other names (`package:NAME`, `sysctl:KEY`,
    `user:NAME`, `module:NAME`) that are meant, for whoever compares.
    """

    what: str
    why: str
    where: tuple[str, ...] = ()


REMAINS: tuple[Remains, ...] = (
    Remains(
        what="logs and login records",
        why="they say what has happened, and nobody may take that back",
        where=("/var/log/*",),
    ),
    Remains(
        what="lists, caches and logs of the package manager",
        why="they are its own, and say what was installed and removed",
        where=(
            "/var/lib/apt/*", "/var/cache/apt/*", "/var/cache/debconf/*", "/var/lib/dpkg/*",
            "/var/cache/ldconfig/*", "/etc/ld.so.cache", "/var/lib/dnf/*", "/var/cache/dnf/*",
            "/var/cache/libdnf5/*", "/var/lib/rpm/*", "/usr/lib/sysimage/*", "/var/lib/ucf/*",
        ),
    ),
    Remains(
        what="the lists of accounts, and the backups of these lists",
        why="accounts that haui has made go; those that packages make, some packages leave, and "
        "the files are written anew either way",
        where=(
            "/etc/passwd", "/etc/passwd-", "/etc/group", "/etc/group-", "/etc/shadow",
            "/etc/shadow-", "/etc/gshadow", "/etc/gshadow-", "/etc/subuid*", "/etc/subgid*",
        ),
    ),
    Remains(
        what="packages of the system that an install has changed to another version",
        why="going back to an older version is not safe; the reset names each of them",
    ),
    Remains(
        what="kernel modules and empty tables of the packet filter that are in use or built in",
        why="they go with the next boot",
        where=(
            "module:overlay", "module:br_netfilter", "module:nf_conntrack", "module:ip_vs*",
            "module:nf_*", "module:nft_*", "module:xt_*", "module:ip*table_*", "module:vxlan",
            "module:bridge", "module:veth", "module:ip_set*", "module:stp", "module:llc",
        ),
    ),
    Remains(
        what="state that systemd keeps of units and timers",
        why="it is systemd's own",
        where=(
            "/var/lib/systemd/*", "/etc/systemd/system/*.wants",
            # A target of the boot that services of an install have asked for; it does nothing.
            "unit:network-online.target",
        ),
    ),
    Remains(
        what="data of etcd, and images of a registry",
        why="they go only when the cluster's name was typed for it",
        where=("/var/lib/etcd*",),
    ),
    Remains(
        what="files that somebody has changed since haui wrote them, and packages that something "
        "else needs by now",
        why="they are not haui's any more; the reset names each of them",
    ),
)  # fmt: skip

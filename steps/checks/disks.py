"""File systems: room, inodes, type, mount options."""

from __future__ import annotations

import shlex

from steps.checks import disks_access, etcd_disk, swap, thresholds
from steps.checks.check import (
    Answer,
    Check,
    Look,
    answer,
    blocks,
    command,
    passes,
    skips,
    tells,
    warns,
    words,
)
from steps.checks.mounts import CONTAINERD, ETCD, KUBELET, VOLATILE, data_paths, held, mounts
from steps.checks.sizes import has_etcd, minimum, roles
from steps.where import has_containerd, is_node

MB_PER_GB = 1_000_000_000 / 1_048_576
"""Disks are sold in decimal GB, and df counts binary MB."""
UNKNOWN = "the host did not say which file systems it has"


def _size(look: Look) -> Answer:
    found = [
        (mount, paths)
        for mount, paths in held(look.facts, data_paths(look.spec, look.host))
        if mount.fstype not in VOLATILE
    ]
    if not found:
        return skips(UNKNOWN)
    needed = minimum(look.spec, look.host)[2]
    total = sum(mount.size for mount, _ in found)
    parts = [f"{gigabytes(mount.size)} for {', '.join(paths)}" for mount, paths in found]
    seen = " · ".join(parts)
    expected = f"about {needed} GB in all for {roles(look.host)} ({look.spec.profile})"
    if total >= needed * thresholds.NOMINAL * MB_PER_GB:
        return passes(seen, expected)
    if look.production:
        fix = answer(f"Give the host {needed} GB, or choose the profile test.", "topology")
    else:
        fix = words(f"Give the host {needed} GB.")
    return look.strict(seen, fix, expected)


def gigabytes(megabytes: float) -> str:
    """A size of df for people."""
    return f"{megabytes / MB_PER_GB:.1f} GB"


def room(look: Look) -> dict[str, int]:
    """MB that an install needs on this host, by path."""
    needed = dict(thresholds.ROOM_MB)
    if not is_node(look.spec, look.host):
        del needed[KUBELET]
        if not has_containerd(look.spec, look.host):
            del needed[CONTAINERD]
    if not has_etcd(look.spec, look.host):
        del needed[ETCD]
    images_there = look.facts.one("kubernetes.server") or not is_node(look.spec, look.host)
    if CONTAINERD in needed and images_there:
        needed[CONTAINERD] = thresholds.ROOM_HELD_MB
    return needed


def _room(look: Look) -> Answer:
    needed = room(look)
    found = list(held(look.facts, needed))
    if not found:
        return skips(UNKNOWN)
    short = []
    for mount, paths in found:
        wanted = sum(needed[path] for path in paths)
        if mount.free < wanted:
            where = f"{mount.point or mount.path} has {mount.free} MB free of {mount.size} MB"
            short.append(f"{where}, {wanted} MB are needed ({', '.join(paths)})")
    if short:
        fix = words("Free room or enlarge it. What is large: du -xh / | sort -h | tail -30")
        return blocks(" · ".join(short), fix, "room for packages, images and data")
    least = min(found, key=lambda pair: pair[0].free)[0]
    return passes(f"at least {least.free} MB free ({least.point or least.path})")


def _eviction(look: Look) -> Answer:
    known = mounts(look.facts)
    limits = thresholds.EVICTION_FREE_PERCENT
    found = {path: known[path] for path in limits if path in known and known[path].size}
    if not found:
        return skips(UNKNOWN)
    free = {path: 100 * mount.free / mount.size for path, mount in found.items()}
    seen = " · ".join(
        f"{path}: {free[path]:.0f} % free of {gigabytes(mount.size)}"
        for path, mount in found.items()
    )
    expected = ", ".join(f"at least {limits[path]} % free for {path}" for path in found)
    if all(free[path] >= limits[path] for path in found):
        return passes(seen, expected)
    kubelet = look.spec.advanced.kubeadm.get("KubeletConfiguration", {})
    if "evictionHard" in kubelet:
        return tells(seen, words("Your evictionHard in advanced.kubeadm decides."), expected)
    fix = words("Free room or enlarge it. What is large: du -xh /var | sort -h | tail -30")
    return blocks(seen, fix, expected)


def _inodes(look: Look) -> Answer:
    node = is_node(look.spec, look.host)
    found = list(held(look.facts, (*room(look), "/")))
    if not found:
        return skips(UNKNOWN)
    worst: list[str] = []
    few: list[str] = []
    for mount, paths in found:
        if not mount.inodes:
            continue  # This type makes them as they are needed.
        percent = 100 * mount.inodes_free / mount.inodes
        said = f"{mount.point or mount.path}: {mount.inodes_free} free ({percent:.0f} %)"
        images = node and {CONTAINERD, KUBELET} & set(paths)
        if percent < (thresholds.EVICTION_INODES_PERCENT if images else 1):
            worst.append(said)
        elif percent < thresholds.INODES_FREE_PERCENT or (
            images and mount.inodes_free < thresholds.INODES_FREE
        ):
            few.append(said)
    fix = words(
        "Remove many small files. Where they are: du -x --inodes / | sort -n | tail -30. "
        "ext4 gets more only by making it anew (mkfs.ext4 -N)."
    )
    expected = f"more than {thresholds.INODES_FREE_PERCENT} % free"
    if node:
        expected += f", and {thresholds.INODES_FREE} for images"
    if worst:
        return blocks(" · ".join(worst + few), fix, expected)
    if few:
        return warns(" · ".join(few), fix, expected)
    return passes("enough everywhere", expected)


def _type(look: Look) -> Answer:
    mount = mounts(look.facts).get(CONTAINERD)
    if mount is None:
        return skips(UNKNOWN)
    expected = "ext4, or xfs with ftype=1"
    own = words(f"Put {CONTAINERD} on a file system of its own, ext4 or xfs.")
    if mount.fstype == "overlay":
        return blocks(f"{mount.named}: overlayfs can not stand on overlayfs", own, expected)
    if mount.fstype in VOLATILE:
        return blocks(f"{mount.named}: images would be in memory", own, expected)
    if mount.far:
        return blocks(f"{mount.named}: on another machine", own, expected)
    if mount.fstype == "xfs" and look.facts.one("xfs.ftype") == "0":
        return blocks(f"{mount.named} with ftype=0", own, expected)
    if mount.fstype not in ("ext4", "xfs", "btrfs", "ext3"):
        return warns(f"{mount.named}: seldom used under containers", own, expected)
    return passes(mount.named, expected)


def _containerd_own(look: Look) -> Answer:
    known = mounts(look.facts)
    if CONTAINERD not in known or "/" not in known:
        return skips(UNKNOWN)
    mount = known[CONTAINERD]
    if mount.identity != known["/"].identity:
        return passes(mount.named)
    seen = f"{CONTAINERD} shares {known['/'].named}"
    if not look.production:
        return passes(seen)
    return tells(seen, words(f"Consider a disk of its own for {CONTAINERD}."), "its own")


def _logs(look: Look) -> Answer:
    known = mounts(look.facts)
    if "/var/log" not in known or "/" not in known:
        return skips(UNKNOWN)
    if known["/var/log"].identity != known["/"].identity:
        return passes(known["/var/log"].named)
    limit = look.facts.one("journald.max")
    if limit:
        return passes(f"the journal takes at most {limit}")
    cap = min(known["/var/log"].size // 10, 4096)
    text = (
        "Nothing has to be done; SystemMaxUse in /etc/systemd/journald.conf sets a smaller limit."
    )
    return tells(f"/var/log shares /, the journal may take {cap} MB of it", words(text))


def _answer(look: Look) -> Answer:
    hung = look.facts.all("mount.hung")
    if not hung:
        return passes("all folders answered")
    quoted = " ".join(shlex.quote(path) for path in hung)
    fix = command(
        "Bring the file server back, or take the mount away (and out of /etc/fstab).",
        f"umount -f -l -- {quoted}",
    )
    return blocks(f"no answer within 2 s: {', '.join(hung)}", fix, "an answer")


CHECKS: tuple[Check, ...] = (
    Check(
        id="disks.answer",
        title="File systems answer",
        area="disks",
        why="Whoever touches a dead network file system hangs, the kubelet and apt as well.",
        look=_answer,
        marker="swap.target",
    ),
    *disks_access.CHECKS,
    Check(
        id="disks.size",
        title="Disk",
        area="disks",
        why="Images, logs and etcd fill a small disk within weeks, and the node is emptied.",
        look=_size,
        page="topology",
    ),
    Check(
        id="disks.room",
        title="Free room",
        area="disks",
        why="Packages, images or etcd's log would not fit, and the install stops half-way.",
        look=_room,
    ),
    Check(
        id="disks.eviction",
        title="Free room for the kubelet",
        area="disks",
        why="The kubelet removes images and evicts pods as soon as it starts on so full a disk.",
        look=_eviction,
        on=is_node,
    ),
    Check(
        id="disks.inodes",
        title="Free inodes",
        area="disks",
        why="Without inodes no file can be made, however much room is free.",
        look=_inodes,
    ),
    Check(
        id="disks.type",
        title="File system of containerd",
        area="disks",
        why="Containers' layers need a local file system on which overlayfs works.",
        look=_type,
        on=is_node,
    ),
    Check(
        id="disks.containerd-own",
        title="Disk of containerd",
        area="disks",
        why="Images and containers that fill the system's disk take logins and logs with them.",
        look=_containerd_own,
        on=is_node,
    ),
    Check(
        id="disks.logs",
        title="Logs",
        area="disks",
        why="Logs that grow take the room of everything else on their file system.",
        look=_logs,
    ),
    *swap.CHECKS,
    *etcd_disk.CHECKS,
)

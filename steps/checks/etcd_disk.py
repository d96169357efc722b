"""The disk under a member of etcd, and what is in its folder."""

from __future__ import annotations

from typing import Any

from haui.spec import ClusterSpec, HostSpec
from steps import kubeadm
from steps.checks import thresholds
from steps.checks.check import (
    Answer,
    Check,
    Look,
    blocks,
    command,
    passes,
    skips,
    tells,
    warns,
    words,
)
from steps.checks.etcd_speed import SPEED
from steps.checks.mounts import CONTAINERD, ETCD, GOOD, VOLATILE, mounts
from steps.checks.sizes import has_etcd
from steps.etcd import is_member, token

UNKNOWN = "the host did not say what holds /var/lib/etcd"
MOVE = (
    "{ ! systemctl is-active --quiet etcd || systemctl stop etcd; } && "
    "old=$(mktemp -d /var/lib/etcd.old.XXXXXX) && "
    'find /var/lib/etcd -mindepth 1 -maxdepth 1 ! -name lost+found -exec mv -t "$old" {} + && '
    "{ [ ! -d /var/lib/etcd/lost+found ] || rmdir /var/lib/etcd/lost+found; }"
)
"""Empties the folder, which may be a mount point, and deletes nothing."""


def local(spec: ClusterSpec) -> dict[str, Any]:
    """What the admin has said about stacked members in `advanced.kubeadm`."""
    etcd = spec.advanced.kubeadm.get("ClusterConfiguration", {}).get("etcd")
    found = etcd.get("local") if isinstance(etcd, dict) else None
    return found if isinstance(found, dict) and spec.topology.kind != "external" else {}


def here(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether a member of etcd on `host` will keep its data in /var/lib/etcd."""
    return has_etcd(spec, host) and local(spec).get("dataDir", ETCD) == ETCD


def quota(spec: ClusterSpec) -> int:
    """MB to which the database may grow."""
    if spec.topology.kind == "external":
        return thresholds.ETCD_EXTERNAL_QUOTA_MB
    said = local(spec).get("extraArgs")
    if isinstance(said, list):
        said = {row.get("name"): row.get("value") for row in said if isinstance(row, dict)}
    text = str((said or {}).get("quota-backend-bytes", "")) if isinstance(said, dict) else ""
    return int(text) // 1048576 if text.isdecimal() and int(text) else thresholds.ETCD_QUOTA_MB


def _type(look: Look) -> Answer:
    mount = mounts(look.facts).get(ETCD)
    if mount is None:
        return skips(UNKNOWN)
    expected = "a local file system, ext4 or xfs"
    own = words("Put /var/lib/etcd on a local disk with ext4 or xfs.")
    if mount.fstype in VOLATILE:
        return blocks(f"{mount.named}: lost with a reboot", own, expected)
    if mount.far:
        return blocks(f"{mount.named}: on another machine", own, expected)
    if mount.options & {"nobarrier", "barrier=0"}:
        where = f"{mount.named} is mounted without write barriers"
        fix = words(f"Mount {mount.point or ETCD} without nobarrier, and correct /etc/fstab.")
        return blocks(where, fix, "write barriers")
    if mount.fstype in ("overlay", "aufs"):
        if look.production:
            return blocks(f"{mount.named}: layers of a container", own, expected)
        return tells(f"{mount.named}: layers of a container", own, expected)
    if mount.fstype not in GOOD:
        return warns(f"{mount.named}: seldom used under etcd", own, expected)
    return passes(mount.named, expected)


def _own(look: Look) -> Answer:
    known = mounts(look.facts)
    if ETCD not in known or "/" not in known:
        return skips(UNKNOWN)
    mine = known[ETCD]
    shared = [p for p in ("/", CONTAINERD) if p in known and known[p].identity == mine.identity]
    if not shared:
        return passes(mine.named, "a disk of its own")
    seen = f"/var/lib/etcd is on {mine.named}, as {' and '.join(shared)}"
    if not look.production:
        return passes(seen)
    fix = words("Mount a disk of its own on /var/lib/etcd, an SSD of 20 GB or more.")
    return warns(seen, fix, "a disk of its own")


def _rotational(look: Look) -> Answer:
    turns = look.facts.one("rotational")
    if turns is None:
        return skips("the host did not say what kind of disk holds /var/lib/etcd")
    if turns != "1":
        return passes("an SSD, or a virtual disk")
    virtual = look.facts.one("virt")
    if virtual is None or virtual != "none":
        # Virtual disks often call themselves rotational; only timing writes tells.
        return passes(
            f"a virtual disk ({virtual or 'machine unknown'}) that calls itself rotational"
        )
    return warns("a rotating disk", words("Put /var/lib/etcd on an SSD."), "an SSD")


def _room(look: Look) -> Answer:
    mount = mounts(look.facts).get(ETCD)
    if mount is None:
        return skips(UNKNOWN)
    allowed = quota(look.spec)
    needed = thresholds.ETCD_QUOTAS * allowed + thresholds.ETCD_SNAPSHOTS_MB
    seen = f"{mount.free} MB free on {mount.named}"
    expected = f"{needed} MB: twice etcd's quota of {allowed} MB, and three snapshots"
    if mount.free >= needed:
        return passes(seen, expected)
    fix = words("Enlarge the file system that holds /var/lib/etcd.")
    return warns(seen, fix, expected) if look.production else tells(seen, fix, expected)


def _data(look: Look) -> Answer:
    facts = look.facts
    if facts.yes("etcd.member") is None:
        return skips("the host did not say what is in /var/lib/etcd")
    entries = facts.all("etcd.entry")
    if is_member(look.spec, look.host):
        return _member_data(look)
    expected = "empty, or this cluster's member"
    if facts.yes("etcd.member"):
        if facts.yes("etcd.manifest") or _ours(look):
            return passes("the member of this host's Kubernetes", expected)
        fix = command("If nobody needs the data any more, move it away.", MOVE)
        return blocks("data of an earlier member, without its static pod", fix, expected)
    ignored = {name.lower() for name in look.spec.advanced.ignore_preflight_errors}
    if not entries or ignored & {"all", "diravailable--var-lib-etcd"}:
        return passes("empty", expected)
    if entries == ("lost+found",):
        # kubeadm takes an empty folder only; fsck makes this one anew when it needs it.
        fix = command("Take the empty folder away.", "rmdir /var/lib/etcd/lost+found")
        return blocks("lost+found, which makes kubeadm refuse the folder", fix, expected)
    fix = command("If nobody needs it any more, move it away.", MOVE)
    return blocks(", ".join(entries), fix, expected)


def _ours(look: Look) -> bool:
    """Whether this host is a node of this cluster already, perhaps half-way: then the steps of the
    control plane know what to do with the data."""
    address = kubeadm.url_host(look.host.address)
    ours = {f"https://{kubeadm.endpoint(look.spec)}", f"https://{address}:{kubeadm.API_PORT}"}
    return look.facts.one("kubernetes.server") in ours


def _member_data(look: Look) -> Answer:
    if not look.facts.yes("etcd.member"):
        return passes("no member yet")
    made_for = look.facts.one("etcd.mark")
    if made_for == token(look.spec):
        return passes("this cluster's member")
    fix = command("If nobody needs the data any more, move it away.", MOVE)
    said = f"made for {made_for}" if made_for else "made by somebody else"
    return blocks(f"a member's data, {said}", fix, "none, or this cluster's")


CHECKS: tuple[Check, ...] = (
    Check(
        id="disks.etcd-type",
        title="File system of etcd",
        area="disks",
        why="etcd loses data where writes do not stay on a local disk once it has been told so.",
        look=_type,
        on=here,
    ),
    Check(
        id="disks.etcd-own",
        title="Disk of etcd",
        area="disks",
        why="Whatever else writes to that disk delays etcd, and with it the whole cluster.",
        look=_own,
        on=here,
    ),
    Check(
        id="disks.etcd-rotational",
        title="Kind of etcd's disk",
        area="disks",
        why="A rotating disk is too slow for etcd, which waits for it at every change.",
        look=_rotational,
        on=here,
    ),
    Check(
        id="disks.etcd-room",
        title="Free room for etcd",
        area="disks",
        why="A full disk stops etcd, and defragmenting it needs room for a copy.",
        look=_room,
        on=here,
    ),
    Check(
        id="disks.etcd-data",
        title="Data of etcd",
        area="disks",
        why="kubeadm refuses a folder that is not empty, and old data would be another cluster's.",
        look=_data,
        on=here,
    ),
    SPEED,
)

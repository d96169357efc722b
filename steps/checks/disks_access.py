"""Whether what an install writes and runs may be written and run where it will be."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

from haui.evidence import Facts
from steps.checks.check import Answer, Check, Look, blocks, command, passes, skips, tells, warns
from steps.checks.check import words as by_hand
from steps.checks.mounts import CONTAINERD, KUBELET, VOLATILE, Mount, data_paths, mounts
from steps.where import is_node

WRITTEN = ("/", "/etc", "/usr", "/var", "/var/lib", "/var/lib/haui", "/var/log", "/tmp", "/run")
CNI, PACKAGES, PROGRAMS, STATE = "/opt/cni/bin", "/var/lib/dpkg", "/usr/local/bin", "/var/lib/haui"
UNKNOWN = "the host did not say which file systems it has"


def _remount(option: str, found: list[Mount]) -> str:
    points = dict.fromkeys(mount.point or mount.path for mount in found)
    return " && ".join(f"mount -o remount,{option} {shlex.quote(point)}" for point in points)


def _read_only(look: Look) -> Answer:
    paths = (*WRITTEN, *data_paths(look.spec, look.host))
    if is_node(look.spec, look.host):
        paths += ("/opt/cni",)
    known = mounts(look.facts)
    if not known:
        return skips(UNKNOWN)
    # By mount point: one part of a file system may be mounted read-only, another not.
    sealed: dict[str, list[Mount]] = {}
    for path in dict.fromkeys(paths):
        if path in known and "ro" in known[path].options:
            sealed.setdefault(known[path].point or path, []).append(known[path])
    refused = _refused(look.facts, {mount.path for group in sealed.values() for mount in group})
    if sealed:
        seen = " · ".join(
            f"{group[0].named} is read-only: {', '.join(mount.path for mount in group)}"
            for group in sealed.values()
        )
        fix = command(
            "Mount it read-write, also in /etc/fstab. The kernel makes a file system read-only "
            "when its disk fails: look at dmesg first.",
            _remount("rw", [group[0] for group in sealed.values()]),
        )
        return blocks(seen, fix, "read-write")
    if refused:
        quoted = " ".join(shlex.quote(path) for path in refused)
        fix = command("Take the attribute away.", f"chattr -i -- {quoted}")
        return blocks(f"root may not write to {', '.join(refused)} (immutable?)", fix, "writable")
    return passes("read-write", "read-write")


def _refused(facts: Facts, known: set[str]) -> list[str]:
    rows = facts.rows("writable", 2)
    return [path for path, may in rows if may == "no" and path not in known]


def _exec(look: Look) -> Answer:
    """dpkg runs the scripts of packages where it keeps them, containerd the plugins of the pod
    network. overlayfs does not pass the options of its layers on, so that nosuid and nodev, which
    hardening guides ask for on /var, do not reach containers."""
    known = mounts(look.facts)
    if not known:
        return skips(UNKNOWN)
    node = is_node(look.spec, look.host)
    needed = [
        PACKAGES,
        *([CNI] if node else []),
        *([PROGRAMS] if "etcd" in look.host.roles else []),
    ]
    stopped = _having("noexec", known, needed)
    doubtful = _having("noexec", known, [CONTAINERD, KUBELET]) if node else []
    both = [*stopped, *doubtful]
    if both:
        seen = " · ".join(f"{mount.path} is mounted noexec: {mount.named}" for mount in both)
        fix = command("Mount it with exec, also in /etc/fstab.", _remount("exec", both))
        if stopped:
            return blocks(seen, fix, "exec")
        if any(mount.path == CONTAINERD for mount in doubtful):
            return look.strict(seen, fix, "exec")
        return warns(seen, fix, "exec")
    if "/tmp" in known and "noexec" in known["/tmp"].options:
        return tells(
            "/tmp is mounted noexec",
            by_hand(
                "Nothing has to be done: haui runs nothing there; apt asks no early questions."
            ),
        )
    hardened = known[CONTAINERD].options & {"nodev", "nosuid"} if CONTAINERD in known else set()
    if node and hardened:
        return tells(
            f"{CONTAINERD} is mounted {', '.join(sorted(hardened))}",
            by_hand("Nothing has to be done: with overlayfs, containers do not see it."),
        )
    return passes("programs may be run where they will be")


def _having(option: str, known: Mapping[str, Mount], paths: list[str]) -> list[Mount]:
    return [known[path] for path in paths if path in known and option in known[path].options]


def _tmp(look: Look) -> Answer:
    mode = look.facts.one("tmp.mode")
    if mode is None:
        return skips("the host did not say the mode of /tmp")
    if mode == "1777":
        return passes(mode, "1777")
    fix = command("Make /tmp usable for everybody again.", "chmod 1777 /tmp")
    return warns(mode, fix, "1777")


def _state(look: Look) -> Answer:
    mount = mounts(look.facts).get(STATE)
    if mount is None:
        return skips(UNKNOWN)
    fix = by_hand(f"Put {STATE} on a local disk.")
    if mount.fstype in VOLATILE:
        return warns(f"{mount.named}: lost with a reboot", fix, "a local disk")
    if mount.far:
        return warns(f"{mount.named}: on another machine", fix, "a local disk")
    return passes(mount.named, "a local disk")


CHECKS: tuple[Check, ...] = (
    Check(
        id="disks.read-only",
        title="File systems are read-write",
        area="disks",
        why="Nothing can be installed or kept on a file system that is read-only.",
        look=_read_only,
    ),
    Check(
        id="disks.exec",
        title="Programs may be run",
        area="disks",
        why="Packages can not be set up, or pods can not start, where running programs is "
        "forbidden.",
        look=_exec,
    ),
    Check(
        id="disks.tmp",
        title="Mode of /tmp",
        area="disks",
        why="apt reads package lists as another user, who could not write to /tmp.",
        look=_tmp,
    ),
    Check(
        id="disks.state",
        title="Folder of haui's state",
        area="disks",
        why="What has been started is kept there, so that an install can go on after a crash.",
        look=_state,
    ),
)

"""Settings of the kernel: as they are now, and as files will set them at the next boot."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from pathlib import PurePosixPath

from haui.evidence import Facts
from haui.spec import ClusterSpec, HostSpec
from steps.checks.check import (
    Answer,
    Check,
    Look,
    blocks,
    by_haui,
    command,
    passes,
    skips,
    tells,
    warns,
    words,
)
from steps.checks.thresholds import CONNTRACK_MAX, INOTIFY_WATCHES, OPEN_FILES
from steps.endpoint_kube_vip import is_bgp
from steps.system import SYSCTL_FILE, sysctls
from steps.where import carriers, is_node

OWN = PurePosixPath(SYSCTL_FILE).name
UFW = "/etc/ufw/sysctl.conf"
"""ufw puts it into effect when it starts, after systemd has set the others."""

ALSO = {"net.ipv4.conf.all.forwarding": "net.ipv4.ip_forward"}
"""Settings that are two names of one."""

CONNTRACK_FILE = "/etc/sysctl.d/90-haui-conntrack.conf"
LOOSE_FILE = "/etc/sysctl.d/zz-haui-reverse-path.conf"


def settings_of(facts: Facts) -> Mapping[str, str]:
    """The settings as they are now, by name."""
    return dict(reversed([(name, value) for name, value in facts.rows("sysctl", 2)]))


def _number(facts: Facts, name: str) -> int | None:
    value = settings_of(facts).get(name, "")
    return int(value) if value.isdecimal() else None


def _now(look: Look) -> Answer:
    now, wanted = settings_of(look.facts), sysctls(look.spec)
    if not now:
        return skips("the host did not tell its settings")
    other = [
        f"{name} is {now.get(name, 'not there yet')}"
        for name, value in wanted.items()
        if now.get(name) != value
    ]
    if not other:
        return passes(", ".join(f"{name}={value}" for name, value in wanted.items()))
    expected = ", ".join(f"{name}={value}" for name, value in wanted.items())
    fix = by_haui("system.sysctl", f"The install sets them in {SYSCTL_FILE}.")
    return tells(" · ".join(other), fix, expected)


def later_than_ours(facts: Facts, wanted: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """Assignments of wanted settings that are read after our file, in their order: setting as we
    call it, value, path."""
    # ufw comes last; the others in the order of their names.
    rows = sorted(facts.rows("sysctl.file", 3), key=lambda row: (row[2] == UFW, _file(row[2])))
    return [
        (ALSO.get(name, name), value, path)
        for name, value, path in rows
        if ALSO.get(name, name) in wanted and (path == UFW or _file(path) > OWN)
    ]


def _file(path: str) -> str:
    return PurePosixPath(path).name


def _files(look: Look) -> Answer:
    if not settings_of(look.facts):
        return skips("the host did not tell its settings")
    wanted = sysctls(look.spec)
    later = later_than_ours(look.facts, wanted)
    # Only the last assignment counts.
    last = {name: (value, path) for name, value, path in later}
    wrong = {name: said for name, said in last.items() if said[0] != wanted[name]}
    if not wrong:
        return passes(f"none sets them otherwise after {OWN}")
    seen = " · ".join(f"{path} sets {name} to {value}" for name, (value, path) in wrong.items())
    files: dict[str, list[str]] = {}
    for name, value, path in later:
        if name in wrong and value != wanted[name] and name not in files.setdefault(path, []):
            files[path].append(name)
    fix = command(
        "Make these lines comments.",
        " && ".join(_silence(path, names) for path, names in files.items()),
    )
    return blocks(seen, fix, ", ".join(f"{name}={wanted[name]}" for name in wrong))


def _silence(path: str, names: list[str]) -> str:
    """A command that makes comments of what sets these in a file."""
    keys = [other for other, name in ALSO.items() if name in names] + names
    key = "|".join("[./]".join(map(re.escape, name.split("."))) for name in keys)
    edit = rf"s@^[[:space:]]*-?[[:space:]]*({key})[[:space:]]*=@# &@"
    return f"sed -E -i.haui-orig {shlex.quote(edit)} {shlex.quote(path)}"


def _interfaces(facts: Facts, key: str) -> Mapping[str, int]:
    return {name: int(value) for name, value in facts.rows(key, 2) if value.isdecimal()}


def _with_addresses(facts: Facts) -> set[str]:
    """Interfaces with addresses that are not those of containers or tunnels."""
    own = {row[0] for row in facts.rows("address", 2) if ":" not in row[1]}
    return {
        name for name in own if not re.match(r"lo$|cni|docker|flannel|br-|veth|virbr|cali", name)
    }


def _reverse_path(look: Look) -> Answer:
    found = _interfaces(look.facts, "rp_filter")
    if not found:
        return skips("the host did not tell rp_filter")
    everywhere = found.get("all", 0)
    if look.spec.network.cni.kind == "calico" and everywhere == 2:
        fix = words("Set net.ipv4.conf.all.rp_filter to 1 or 0 in /etc/sysctl.d.")
        return warns("all is 2; Calico refuses to start with it", fix, "0 or 1")
    ways = _with_addresses(look.facts)
    # The higher of the two counts.
    strict = sorted(name for name in ways if max(everywhere, found.get(name, 0)) == 1)
    if len(ways) > 1 and strict:
        fix = command(
            "Make it loose: an answer may leave by any interface that leads there.",
            f"printf 'net.ipv4.conf.all.rp_filter = 2\\n' >{LOOSE_FILE} && sysctl -p {LOOSE_FILE}",
        )
        seen = f"1 (strict) on {', '.join(strict)}, with addresses on {len(ways)} interfaces"
        return warns(seen, fix, "2 (loose) where a host has several interfaces")
    return passes(f"{everywhere} for all interfaces")


def _announces(spec: ClusterSpec, host: HostSpec) -> bool:
    return bool(spec.endpoint.vip) and host in carriers(spec) and not is_bgp(spec)


def _arp(look: Look) -> Answer:
    if ":" in (look.spec.endpoint.vip or ""):
        return passes("the virtual address is IPv6, without ARP")
    found = _interfaces(look.facts, "arp_ignore")
    if not found:
        return skips("the host did not tell arp_ignore")
    wrong = [f"{name}={value}" for name, value in found.items() if value >= 2 and name != "lo"]
    if not wrong:
        return passes(f"{found.get('all', 0)} for all interfaces")
    fix = words("Set net.ipv4.conf.*.arp_ignore to 0 or 1 in /etc/sysctl.d for that interface.")
    return warns(f"arp_ignore {', '.join(wrong)}", fix, "0 or 1")


def _open_files(look: Look) -> Answer:
    watches = _number(look.facts, "fs.inotify.max_user_watches")
    files = _number(look.facts, "fs.file-max")
    if watches is None and files is None:
        return skips("the host did not tell how many files it may open and watch")
    least, good = INOTIFY_WATCHES
    low, raise_to = [], []
    if watches is not None and watches < least:
        low.append(f"fs.inotify.max_user_watches is {watches}")
        raise_to.append(f"fs.inotify.max_user_watches = {good}")
    if files is not None and files < OPEN_FILES:
        low.append(f"fs.file-max is {files}")
        raise_to.append(f"fs.file-max = {OPEN_FILES}")
    if low:
        path = "/etc/sysctl.d/90-haui-files.conf"
        lines = " ".join(shlex.quote(line) for line in raise_to)
        fix = command("Raise them.", f"printf '%s\\n' {lines} >{path} && sysctl -p {path}")
        expected = f"at least {least} watches and {OPEN_FILES} files"
        return warns(" · ".join(low), fix, expected)
    if watches is not None and watches < good:
        seen = f"fs.inotify.max_user_watches is {watches}, chosen by the size of the memory"
        return tells(seen, expected=f"{good} for many pods that follow files")
    return passes("enough")


def _conntrack(look: Look) -> Answer:
    limit = _number(look.facts, "net.netfilter.nf_conntrack_max")
    if limit is None:
        return passes("connections are not tracked")
    if limit >= CONNTRACK_MAX:
        return passes(str(limit))
    fix = command(
        "Raise it.",
        f"printf 'net.netfilter.nf_conntrack_max = {CONNTRACK_MAX}\\n' >{CONNTRACK_FILE} && "
        f"sysctl -p {CONNTRACK_FILE}",
    )
    expected = f"at least {CONNTRACK_MAX}"
    if look.production:
        return warns(str(limit), fix, expected)
    return tells(str(limit), fix, expected)


def _only_balances(spec: ClusterSpec, host: HostSpec) -> bool:
    """On nodes kube-proxy sets it."""
    return host in spec.balancers and not is_node(spec, host)


CHECKS: tuple[Check, ...] = (
    Check(
        id="kernel.settings",
        title="Kernel settings",
        area="kernel",
        why="Nodes forward packets of pods and filter bridged ones.",
        look=_now,
        on=is_node,
    ),
    Check(
        id="kernel.settings-files",
        title="Kernel settings after a reboot",
        area="kernel",
        why="A file that is read later than haui's wins: after the next boot pods have no network.",
        look=_files,
        on=is_node,
    ),
    Check(
        id="kernel.reverse-path",
        title="Reverse path filter",
        area="kernel",
        why="Packets that come in by another way than answers leave are dropped in silence.",
        look=_reverse_path,
        on=is_node,
    ),
    Check(
        id="kernel.arp",
        title="Answers to ARP",
        area="kernel",
        why="Nobody finds the virtual address on a host that does not answer for it.",
        look=_arp,
        on=_announces,
    ),
    Check(
        id="kernel.files",
        title="Open and watched files",
        area="kernel",
        why="Log readers, the kubelet and containers fail with 'too many open files'.",
        look=_open_files,
        on=is_node,
    ),
    Check(
        id="kernel.conntrack",
        title="Tracked connections",
        area="kernel",
        why="When the table is full, new connections to the API are dropped.",
        look=_conntrack,
        marker="sysctl",
        on=_only_balances,
    ),
)

"""Modules of the kernel: what the nodes, the pod network and the proxy mode need."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from functools import lru_cache

from haui.evidence import Facts
from haui.spec import ClusterSpec, HostSpec
from steps.checks.check import (
    Answer,
    Check,
    Fix,
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
from steps.checks.system_machine import REDHAT, family_names, is_container
from steps.system import modules
from steps.where import is_node

NFT_TABLES = ("nf_tables", "nft_compat")
IP_TABLES = ("ip_tables", "iptable_nat")
IP6_TABLES = ("ip6_tables", "ip6table_nat")
IPTABLES_MATCHES = ("xt_comment", "xt_conntrack", "xt_mark", "xt_statistic", "xt_nat")
NFTABLES = ("nf_tables", "nft_ct", "nft_nat", "nft_masq", "nft_numgen")
OVERLAYS = {"flannel": ("vxlan",), "cilium": ("vxlan",), "calico": ("vxlan",)}


# A host's checks follow each other, and eight of them ask.
@lru_cache(maxsize=4)
def states_of(facts: Facts) -> Mapping[str, tuple[str, str]]:
    """Module -> its state, and the file that forbids to load it or nothing."""
    rows = (value.split(None, 2) for value in facts.all("module"))
    return {row[0]: (row[1], row[2] if len(row) > 2 else "") for row in rows if len(row) > 1}


def has_folder(facts: Facts) -> bool:
    return facts.yes("kernel.modules") is True


def _lacking(facts: Facts, names: tuple[str, ...]) -> list[str]:
    """Those that can not be had; what nobody knows of counts as there."""
    states = states_of(facts)
    return [name for name in names if states.get(name, ("unknown", ""))[0] in ("missing", "off")]


def _folder(look: Look) -> Answer:
    facts = look.facts
    if facts.yes("kernel.modules") is None:
        return skips("the host did not say whether it has modules")
    release = facts.one("kernel.release") or "the running kernel"
    if has_folder(facts):
        return passes(f"/lib/modules/{release}")
    seen = f"no /lib/modules/{release}"
    if is_container(facts):
        return passes(f"{seen}, in a container")
    if not _lacking(facts, modules(look.spec)):
        return tells(f"{seen}; what nodes need is built in")
    others = [other for other in facts.all("kernel.installed") if other != release]
    if others:
        return blocks(seen, words(f"Reboot the host into the installed kernel {others[-1]}."))
    return blocks(seen, words(f"Install the modules of the running kernel {release}."))


def _mend(facts: Facts, lacking: list[str]) -> Fix:
    """How the modules come to be there."""
    states = states_of(facts)
    files = sorted({states[name][1] for name in lacking if states[name][0] == "off"})
    if files and all(states[name][0] == "off" for name in lacking):
        names = "|".join(name.replace("_", "[-_]") for name in lacking)
        edit = rf"s@^[[:space:]]*install[[:space:]]+({names})[[:space:]]@# &@"
        where = " ".join(shlex.quote(path) for path in files)
        return command(
            "Allow them to be loaded.", f"sed -E -i.haui-orig {shlex.quote(edit)} {where}"
        )
    if not has_folder(facts):
        return words("Install the modules of the running kernel, or reboot into the installed one.")
    if facts.one("os.id") == "ubuntu":
        text = "Install the further modules of the running kernel."
        return command(text, 'apt-get update; apt-get install -y "linux-modules-extra-$(uname -r)"')
    if family_names(facts) & REDHAT:
        # Enterprise Linux 10 keeps them out of its small images.
        text = "The install brings kernel-modules-extra of the running kernel."
        return by_haui("system.modules", text)
    return words(
        "Install the distribution's full kernel with all of its modules (Debian: linux-image-amd64 "
        "or -arm64), and reboot into it."
    )


def _said(facts: Facts, lacking: list[str]) -> str:
    states = states_of(facts)
    return " · ".join(
        f"{name} is forbidden by {states[name][1]}" if states[name][0] == "off" else f"no {name}"
        for name in lacking
    )


def _judge(facts: Facts, names: tuple[str, ...]) -> Answer:
    states = states_of(facts)
    if not states:
        return skips("the host did not tell its modules")
    lacking = _lacking(facts, names)
    if lacking:
        fix = _mend(facts, lacking)
        give = warns if fix.kind == "haui" else blocks
        return give(_said(facts, lacking), fix, f"{', '.join(names)}")
    unknown = [name for name in names if states.get(name, ("unknown", ""))[0] == "unknown"]
    if unknown:
        return skips(f"{', '.join(unknown)}: the host has no modules to look into")
    works = [name for name in names if states[name][0] == "works"]
    rest = [name for name in names if name not in works]
    said = [f"at work: {', '.join(works)}"] if works else []
    return passes(" · ".join(said + ([f"loadable: {', '.join(rest)}"] if rest else [])))


def _modules(look: Look) -> Answer:
    wanted, states = modules(look.spec), states_of(look.facts)
    # Schedulers of a built-in ipvs do not show; the install bears that as well.
    known = tuple(name for name in wanted if states.get(name, ("", ""))[0] != "unknown")
    return _judge(look.facts, known or wanted)


def _overlay(look: Look) -> Answer:
    return _judge(look.facts, OVERLAYS[look.spec.network.cni.kind])


def _has_overlay(spec: ClusterSpec, host: HostSpec) -> bool:
    return is_node(spec, host) and spec.network.cni.kind in OVERLAYS


def _filter(look: Look) -> Answer:
    facts = look.facts
    if look.spec.network.kube_proxy == "nftables":
        return _judge(facts, NFTABLES)
    pods = look.spec.network.pods
    legacy = IP6_TABLES if ":" in pods else IP_TABLES
    # iptables speaks to either; one that works is enough.
    tables = legacy if _lacking(facts, NFT_TABLES) and not _lacking(facts, legacy) else NFT_TABLES
    return _judge(facts, (*tables, *IPTABLES_MATCHES))


def _has_filter(spec: ClusterSpec, host: HostSpec) -> bool:
    return is_node(spec, host) and spec.network.kube_proxy != "none"


def _stores(spec: ClusterSpec, host: HostSpec) -> bool:
    return "storage" in host.roles


def _storage(look: Look) -> Answer:
    return _judge(look.facts, ("rbd",))


CHECKS: tuple[Check, ...] = (
    Check(
        id="kernel.modules-folder",
        title="Folder of modules",
        area="kernel",
        why="After an update of the kernel its old modules are gone: none can be loaded any more.",
        look=_folder,
        on=is_node,
    ),
    Check(
        id="kernel.modules",
        title="Modules of nodes",
        area="kernel",
        why="Containers need overlay file systems; Services need bridged packets to be filtered.",
        look=_modules,
        on=is_node,
    ),
    Check(
        id="kernel.overlay-network",
        title="Modules of the pod network",
        area="kernel",
        why="Without them pods of different nodes do not reach each other.",
        look=_overlay,
        on=_has_overlay,
    ),
    Check(
        id="kernel.packet-filter",
        title="Modules of the packet filter",
        area="kernel",
        why="kube-proxy can not write its rules: no Service would be reachable.",
        look=_filter,
        on=_has_filter,
    ),
    Check(
        id="kernel.storage",
        title="Modules of storage",
        area="kernel",
        why="Volumes of Ceph can not be mounted without them.",
        look=_storage,
        on=_stores,
    ),
)

"""The operating system: distribution, architecture, init, and what machine it is."""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from steps.checks import system_health, system_names, system_security, system_units
from steps.checks.check import (
    Answer,
    Check,
    Look,
    answer,
    blocks,
    passes,
    skips,
    tells,
    warns,
    words,
)
from steps.checks.system_machine import (
    CLOUDS_OF_ONE_ADDRESS,
    CLOUDS_THAT_FILTER,
    DEBIAN,
    REDHAT,
    cloud_of,
    family_names,
    is_container,
)
from steps.checks.thresholds import ENTERPRISE, ENTERPRISE_OLDEST, OLDEST_OS
from steps.endpoint_kube_vip import is_bgp
from steps.where import carriers, is_node

USE_ANOTHER = words(
    "Install Debian, Ubuntu, or one of the RHEL family (9 or 10) on this host, or take another one."
)
SUPPORTED = "Debian, Ubuntu, or one of the RHEL family"
UNTRIED = "; haui's way with rpm, dnf and SELinux is tried out in parts, not on a whole cluster"


def _root(look: Look) -> Answer:
    uid = look.facts.one("uid")
    if uid is None:
        return skips("the host did not say as whom it was asked")
    if uid == "0":
        return passes("root")
    fix = answer("Log in as root, or allow sudo (ssh.sudo in the cluster file).", "access")
    return blocks(f"uid {uid}", fix, "root")


def _os(look: Look) -> Answer:
    facts = look.facts
    own, version = (facts.one("os.id") or "").lower(), facts.one("os.version") or ""
    family = family_names(facts)
    name = facts.one("os.name") or " ".join((own, version)).strip() or "unknown"
    if family & DEBIAN:
        return _debian(own, version, name)
    if family & REDHAT:
        return _redhat(own, version, name)
    return blocks(name, USE_ANOTHER, SUPPORTED)


def _redhat(own: str, version: str, name: str) -> Answer:
    """Enterprise Linux counts 8, 9, 10; Fedora and Amazon Linux count otherwise."""
    expected = f"release {min(ENTERPRISE)} or {max(ENTERPRISE)} of Enterprise Linux"
    if own in ("fedora", "amzn"):
        if own == "amzn" and version == "2":
            return blocks(f"{name}, which has no dnf", USE_ANOTHER, SUPPORTED)
        return tells(f"{name}{UNTRIED}, and nobody looks after it", expected=expected)
    major = version.partition(".")[0]
    if not major.isdecimal():
        return tells(f"{name}, not a numbered release{UNTRIED}", expected=expected)
    if int(major) < ENTERPRISE_OLDEST:
        return blocks(f"{name}, which has no dnf", USE_ANOTHER, SUPPORTED)
    if int(major) < min(ENTERPRISE):
        fix = words(f"Upgrade the host to release {min(ENTERPRISE)} or {max(ENTERPRISE)}.")
        return warns(f"{name}: its kernel and programs are old for Kubernetes", fix, expected)
    if int(major) not in ENTERPRISE:
        return tells(f"{name}, newer than what haui knows{UNTRIED}", expected=expected)
    return tells(f"{name}{UNTRIED}", expected="Debian 12, on which whole clusters are tested")


def _debian(own: str, version: str, name: str) -> Answer:
    oldest = OLDEST_OS.get(own)
    if oldest is None:
        return passes(f"{name}, which derives from Debian")
    try:
        old = float(version) < oldest
    except ValueError:
        return tells(f"{name}, not a numbered release", expected="a stable release")
    if old:
        fix = words(f"Upgrade the host; the oldest release with security updates is {oldest:g}.")
        return warns(name, fix, f"{own} {oldest:g} or newer")
    return passes(name)


def _arch(look: Look) -> Answer:
    arch = look.facts.one("arch")
    if arch is None:
        return skips("the host did not say its architecture")
    if arch in ("x86_64", "aarch64"):
        return passes(arch)
    fix = words("Take a host with a 64-bit x86 or ARM processor and system.")
    return blocks(arch, fix, "x86_64 or aarch64")


def _cpu_level(look: Look) -> Answer:
    if look.facts.one("arch") == "aarch64":
        return passes("aarch64")
    missing = look.facts.one("cpu.missing")
    if missing is None:
        return skips("the host did not tell the flags of its processor")
    if missing == "none":
        return passes("x86-64-v2")
    fix = words("Give the virtual machine a newer processor type (x86-64-v2 or host).")
    return warns(f"the processor lacks {missing}", fix, "x86-64-v2")


def _init(look: Look) -> Answer:
    init = look.facts.one("init")
    if init is None:
        return skips("the host did not say what its process 1 is")
    if init == "systemd":
        return passes("systemd")
    return blocks(init, words("Boot the host with systemd."), "systemd")


def _virtualisation(look: Look) -> Answer:
    virt = look.facts.one("virt")
    if virt is None:
        return skips("systemd-detect-virt did not answer")
    if not is_container(look.facts):
        return passes("bare metal" if virt == "none" else virt)
    seen = f"a container ({virt})"
    if virt == "systemd-nspawn" and not look.production:
        return tells(seen, expected="a virtual or physical machine")
    fix = words("Take a virtual or physical machine.")
    return look.strict(seen, fix, "a virtual or physical machine")


def _announces(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether the host takes the virtual address by telling its network segment."""
    return bool(spec.endpoint.vip) and host in carriers(spec) and not is_bgp(spec)


def _virtual_address(look: Look) -> Answer:
    if is_container(look.facts):
        return skips("a container: its machine's network is not that of the firmware's vendor")
    cloud = cloud_of(look.facts)
    if cloud is None:
        if look.facts.one("vendor") is None:
            return skips("the firmware does not name a vendor")
        return passes(f"not a known cloud ({look.facts.one('vendor')})")
    choose = "Choose the endpoint kind external with a balancer of the cloud"
    if cloud in CLOUDS_OF_ONE_ADDRESS:
        return blocks(
            f"{cloud}, where addresses can not move by ARP",
            answer(f"{choose}.", "endpoint"),
            "a network in which a host may take another address",
        )
    if cloud in CLOUDS_THAT_FILTER:
        fix = answer(
            f"Allow {look.spec.endpoint.vip} on the ports of all hosts that may hold it "
            f"(allowed address pairs). {choose} where that is not possible.",
            "endpoint",
        )
        seen = f"{cloud}, which drops addresses that it does not know of"
        return warns(seen, fix, f"{look.spec.endpoint.vip} is allowed on the hosts' ports")
    return passes(cloud)


def _stores(spec: ClusterSpec, host: HostSpec) -> bool:
    return "storage" in host.roles


def _multipath(look: Look) -> Answer:
    if "multipathd" not in look.facts.all("process"):
        return passes("multipathd does not run")
    fix = words(
        "Forbid it the cluster's disks (blacklist in /etc/multipath.conf: rbd, nbd, iSCSI volumes "
        "of the storage), or switch it off where no host bus adapter needs it."
    )
    return warns("multipathd runs", fix, "nobody else takes the disks of the storage")


CHECKS: tuple[Check, ...] = (
    Check(
        id="system.root",
        title="Rights of root",
        area="system",
        why="Every change of the install needs root.",
        look=_root,
        page="access",
        overridable=False,
    ),
    Check(
        id="system.os",
        title="Distribution",
        area="system",
        why="The install has no packages for another distribution.",
        look=_os,
        page="hosts",
    ),
    Check(
        id="system.arch",
        title="Architecture",
        area="system",
        why="Kubernetes images exist for x86_64 and aarch64.",
        look=_arch,
        page="hosts",
    ),
    Check(
        id="system.cpu-level",
        title="Processor level",
        area="system",
        why="Programs in newer images are built for x86-64-v2 and crash on older processors.",
        look=_cpu_level,
        on=is_node,
    ),
    Check(
        id="system.init",
        title="Init system",
        area="system",
        why="The kubelet and containerd are units of systemd.",
        look=_init,
    ),
    *system_units.CHECKS,
    Check(
        id="system.virtualisation",
        title="Kind of machine",
        area="system",
        why="In a container the kubelet shares kernel settings and devices with strangers.",
        look=_virtualisation,
        page="hosts",
    ),
    Check(
        id="system.virtual-address",
        title="Cloud and virtual address",
        area="system",
        why="Networks of clouds do not learn by ARP where the virtual address is: the API endpoint "
        "would never answer.",
        look=_virtual_address,
        on=_announces,
        page="endpoint",
    ),
    *system_names.CHECKS,
    *system_security.CHECKS,
    *system_health.CHECKS,
    Check(
        id="system.multipath",
        title="Multipath daemon",
        area="system",
        why="multipathd takes block devices that storage in the cluster wants to mount.",
        look=_multipath,
        marker="arch",
        on=_stores,
    ),
)

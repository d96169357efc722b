"""What watches over programs: SELinux, AppArmor, allow lists, agents, FIPS."""

from __future__ import annotations

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
from steps.where import has_containerd

AGENTS = {
    "falcon-sensor": "CrowdStrike Falcon",
    "wdavdaemon": "Microsoft Defender",
    "s1-agent": "SentinelOne",
    "sentinelone-age": "SentinelOne",
    "cbagentd": "Carbon Black",
    "cbdaemon": "Carbon Black",
    "ds_agent": "Trend Micro Deep Security",
    "xagt": "Trellix Endpoint Security",
    "mfetpd": "Trellix Endpoint Security",
    "savd": "Sophos",
    "kesl": "Kaspersky Endpoint Security",
    "elastic-endpoin": "Elastic Defend",
    "oaeventd": "ESET",
    "clamonacc": "ClamAV on access",
}
"""Programs that look at every file that is opened, by the name of their process."""

FOLDERS = "/var/lib/containerd, /run/containerd, /var/lib/kubelet and /var/lib/etcd"

PERMISSIVE = (
    "setenforce 0 && sed -i.haui-orig 's/^SELINUX=enforcing/SELINUX=permissive/' "
    "/etc/selinux/config"
)


def _selinux(look: Look) -> Answer:
    facts = look.facts
    mode = facts.one("selinux")
    if mode is None:
        return skips("the host did not say whether it has SELinux")
    if look.spec.system.selinux == "permissive" and mode == "enforcing":
        return tells("enforcing", by_haui("system.selinux", "The install makes it permissive."))
    if mode != "enforcing":
        if facts.one("selinux.config") == "enforcing":
            return tells(f"{mode} now, enforcing after the next boot", expected="the same")
        return passes(mode)
    if not facts.yes("selinux.container"):
        if facts.one("os.id") in ("debian", "ubuntu"):
            fix = command("Debian has no policy of containers: switch to permissive.", PERMISSIVE)
        else:
            mends = by_haui("packages.base", "The install brings container-selinux.")
            return tells("enforcing, without a policy of containers", mends, "container-selinux")
        return blocks("enforcing, without a policy of containers", fix, "container-selinux")
    if look.spec.advanced.containerd.get("enable_selinux") is not True:
        seen = "enforcing; containers are not kept apart by it, since containerd is not told"
        text = (
            "For that, set enable_selinux: true in advanced.containerd of the cluster file, and "
            "see that what pods mount from hosts is labelled for them."
        )
        return tells(seen, words(text))
    return passes("enforcing, with a policy of containers")


def _apparmor(look: Look) -> Answer:
    enabled, parser = look.facts.yes("apparmor"), look.facts.yes("apparmor.parser")
    if enabled is None or parser is None:
        return skips("the host did not say whether it has AppArmor")
    if not enabled:
        return passes("AppArmor is off")
    if parser:
        return passes("AppArmor with its parser")
    if look.spec.advanced.containerd.get("disable_apparmor") is True:
        return passes("containerd leaves AppArmor alone (disable_apparmor)")
    fix = command("Install AppArmor's tools.", "apt-get update; apt-get install -y apparmor")
    return blocks("AppArmor is on, apparmor_parser is missing", fix, "apparmor_parser")


def _agents(look: Look) -> Answer:
    running = look.facts.all("process")
    names = sorted({AGENTS[name] for name in running if name in AGENTS})
    if "fapolicyd" in running:
        fix = words(f"Allow what runs from {FOLDERS} in fapolicyd's rules, or stop fapolicyd.")
        return warns(" · ".join(("fapolicyd runs", *names)), fix, "programs of containers may run")
    if names:
        fix = words(f"Have {FOLDERS} excluded from its scans.")
        return warns(" · ".join(names), fix, "no scans of what containers and etcd write")
    return passes("none that is known")


def _fips(look: Look) -> Answer:
    fips = look.facts.yes("fips")
    if fips is None:
        return skips("the host did not say whether FIPS mode is on")
    if not fips:
        return passes("off")
    fix = words("Make sure that all images may run in FIPS mode, or switch it off.")
    return warns("on", fix, "off")


CHECKS: tuple[Check, ...] = (
    Check(
        id="system.selinux",
        title="SELinux",
        area="system",
        why="Without a policy of its own every container is denied its files.",
        look=_selinux,
        on=has_containerd,
    ),
    Check(
        id="system.apparmor",
        title="AppArmor",
        area="system",
        why="containerd gives each container a profile, and none starts when it can't be loaded.",
        look=_apparmor,
        on=has_containerd,
    ),
    Check(
        id="system.agents",
        title="Security agents",
        area="system",
        why="What judges every opened file makes etcd and containers slow, or stops them.",
        look=_agents,
        marker="arch",
    ),
    Check(
        id="system.fips",
        title="FIPS mode",
        area="system",
        why="Programs in images may refuse to start or to speak TLS.",
        look=_fips,
        on=has_containerd,
    ),
)

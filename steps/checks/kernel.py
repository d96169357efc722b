"""The kernel: version, what is waiting for a reboot, cgroups, mounts, lockdown."""

from __future__ import annotations

import re
from typing import Any

from haui.spec import ClusterSpec
from steps.checks import kernel_modules, kernel_settings
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
from steps.checks.system_machine import is_container
from steps.checks.thresholds import (
    CGROUP_V1_REFUSED,
    KERNEL_GOOD,
    KERNEL_NFTABLES,
    KERNEL_OLDEST,
    KERNEL_POD_NETWORKS,
)
from steps.where import has_containerd, is_node

Version = tuple[int, int]

NEWER = words("Install a newer kernel or a newer release of the distribution, and reboot.")
REBOOT = words("Reboot the host, then run the preflight again.")

CONTROLLERS = {
    "v2": ("cpu", "cpuset", "memory", "pids"),
    "v1": ("cpu", "cpuacct", "cpuset", "devices", "freezer", "memory", "pids"),
}
"""Controllers of cgroups that kubeadm demands."""


def version_of(release: str) -> Version | None:
    """The first two numbers of a kernel's release; None when there are none."""
    found = re.match(r"(\d{1,4})\.(\d{1,4})", release)
    return (int(found[1]), int(found[2])) if found else None


def _floor(spec: ClusterSpec, release: str) -> tuple[Version, str]:
    """The oldest kernel for this cluster, and who demands it."""
    floor, reason = KERNEL_OLDEST, "container runtimes"
    if spec.network.cni.kind in KERNEL_POD_NETWORKS and ".el8" not in release:
        floor, reason = KERNEL_POD_NETWORKS[spec.network.cni.kind]
    if spec.network.kube_proxy == "nftables":
        floor, reason = max((floor, reason), (KERNEL_NFTABLES, "kube-proxy's mode nftables"))
    return floor, reason


def _version(look: Look) -> Answer:
    release = look.facts.one("kernel.release") or ""
    version = version_of(release)
    if version is None:
        return skips("the host did not say its kernel's version")
    floor, reason = _floor(look.spec, release)
    if version < floor:
        seen = f"{release}; {reason} needs {floor[0]}.{floor[1]}"
        return blocks(seen, NEWER, f"{floor[0]}.{floor[1]} or newer")
    if version < KERNEL_GOOD:
        return warns(release, NEWER, f"{KERNEL_GOOD[0]}.{KERNEL_GOOD[1]} or newer")
    return passes(release)


def _natural(release: str) -> tuple[tuple[int, str], ...]:
    """A key by which releases sort as people sort them."""
    parts = re.findall(r"\d+|[^\d]+", release)
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in parts)


def _flavour(release: str) -> str:
    """What is not a number: kernels of another kind are no successors."""
    return re.sub(r"\d+(\.\d+)*", "", release)


def newest_of(running: str, installed: tuple[str, ...]) -> str:
    """The newest kernel of the running one's kind."""
    alike = [release for release in installed if _flavour(release) == _flavour(running)]
    return max((running, *alike), key=_natural)


def _reboot(look: Look) -> Answer:
    facts = look.facts
    running = facts.one("kernel.release")
    if running is None or facts.yes("reboot.required") is None:
        return skips("the host did not say whether it waits for a reboot")
    reasons = []
    newest = newest_of(running, facts.all("kernel.installed"))
    if newest != running and not is_container(facts):
        reasons.append(f"kernel {newest} is installed, {running} is running")
    if facts.yes("reboot.required"):
        packages = facts.one("reboot.packages")
        reasons.append(f"/run/reboot-required{f' ({packages[:200]})' if packages else ''}")
    if not reasons:
        return passes(f"running {running}")
    return warns(" · ".join(reasons), REBOOT, "nothing waits for a reboot")


def fails_on_cgroup_v1(spec: ClusterSpec) -> bool:
    """Whether the kubelet refuses to start with cgroup v1."""
    kubelet: dict[str, Any] = spec.advanced.kubeadm.get("KubeletConfiguration", {})
    return bool(kubelet.get("failCgroupV1", spec.kubernetes.minor >= CGROUP_V1_REFUSED))


def _cgroup(look: Look) -> Answer:
    cgroup = look.facts.one("cgroup")
    if cgroup is None:
        return skips("the host has no cgroups that it shows")
    if cgroup == "v2":
        return passes("version 2")
    seen = "version 1" if cgroup == "v1" else "version 1 with version 2 beside it"
    boot = "Boot with systemd.unified_cgroup_hierarchy=1"
    if is_node(look.spec, look.host) and fails_on_cgroup_v1(look.spec):
        fix = words(
            f"{boot}, or set failCgroupV1: false in advanced.kubeadm.KubeletConfiguration of the "
            "cluster file."
        )
        return blocks(f"{seen}; Kubernetes 1.{CGROUP_V1_REFUSED} refuses it", fix, "version 2")
    if is_container(look.facts):
        return tells(f"{seen}, from the machine of the container", expected="version 2")
    return warns(seen, words(f"{boot}; Kubernetes gives version 1 up."), "version 2")


def _controllers(look: Look) -> Answer:
    told, cgroup = look.facts.one("cgroup.controllers"), look.facts.one("cgroup")
    if told is None or cgroup is None:
        return skips("the host did not tell its controllers of cgroups")
    wanted = CONTROLLERS["v2" if cgroup == "v2" else "v1"]
    missing = [name for name in wanted if name not in told.split()]
    if not missing:
        return passes(" ".join(wanted))
    option = "cgroup_enable=memory" if missing == ["memory"] else f"cgroup_enable={missing[0]}"
    fix = words(f"Boot without cgroup_disable= (with {option}); change it in the boot loader.")
    return blocks(f"{', '.join(missing)} missing", fix, " ".join(wanted))


def _propagation(look: Look) -> Answer:
    kind = look.facts.one("root.propagation")
    if kind is None:
        return skips("the host did not tell its mounts")
    if kind == "shared":
        return passes("shared")
    if is_container(look.facts):
        return tells(f"/ is {kind}, in a container", expected="shared")
    fix = command("Share mounts below /, as systemd does at boot.", "mount --make-rshared /")
    return warns(f"/ is {kind}", fix, "shared")


def _lockdown(look: Look) -> Answer:
    facts = look.facts
    mode = facts.one("lockdown")
    boot = "with Secure Boot" if facts.yes("secureboot") else "without Secure Boot"
    if mode is None:
        return passes(f"the kernel has no lockdown ({boot})")
    if mode == "none" or look.spec.network.cni.kind != "cilium":
        return passes(f"{mode} ({boot})")
    fix = words("Choose another pod network, or switch Secure Boot or lockdown= off.")
    return warns(f"{mode} ({boot})", fix, "none with a pod network of eBPF programs")


CHECKS: tuple[Check, ...] = (
    Check(
        id="kernel.version",
        title="Kernel",
        area="kernel",
        why="Older kernels lack what containers, the proxy mode or the pod network use.",
        look=_version,
        on=has_containerd,
    ),
    Check(
        id="kernel.reboot",
        title="Reboot pending",
        area="kernel",
        why="Modules of the running kernel may be gone, and the reboot comes when it suits least.",
        look=_reboot,
    ),
    *kernel_modules.CHECKS,
    Check(
        id="kernel.cgroup",
        title="Version of cgroups",
        area="kernel",
        why="Newer kubelets do not start with version 1.",
        look=_cgroup,
        on=has_containerd,
    ),
    Check(
        id="kernel.controllers",
        title="Controllers of cgroups",
        area="kernel",
        why="The kubelet does not start when it can't limit memory, processors or tasks.",
        look=_controllers,
        on=is_node,
    ),
    Check(
        id="kernel.propagation",
        title="Propagation of mounts",
        area="kernel",
        why="Storage that pods mount for other pods is not seen by them.",
        look=_propagation,
        on=is_node,
    ),
    Check(
        id="kernel.lockdown",
        title="Lockdown and Secure Boot",
        area="kernel",
        why="A locked kernel refuses programs with which eBPF networks look into the kernel.",
        look=_lockdown,
        marker="kernel.release",
        on=is_node,
    ),
    *kernel_settings.CHECKS,
)

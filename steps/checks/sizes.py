"""Processors and memory against what the roles need."""

from __future__ import annotations

import math

from haui.spec import ClusterSpec, HostSpec
from steps.checks import thresholds
from steps.checks.check import (
    Answer,
    Check,
    Fix,
    Look,
    answer,
    blocks,
    passes,
    skips,
    warns,
    words,
)


def minimum(spec: ClusterSpec, host: HostSpec) -> thresholds.Size:
    """The smallest size for `host`: the sum over its roles (processors, MB, GB)."""
    sizes = [thresholds.MINIMUM[spec.profile][role] for role in host.roles]
    shared = len(sizes) - 1 if spec.profile == "test" else 0
    cpus = sum(size[0] for size in sizes) - thresholds.OS_SHARE[0] * shared
    memory = sum(size[1] for size in sizes) - thresholds.OS_SHARE[1] * shared
    return math.ceil(cpus), int(memory), sum(size[2] for size in sizes)


def floor(spec: ClusterSpec, host: HostSpec) -> tuple[int, int]:
    """What kubeadm itself demands of `host`, whatever the profile: processors, MB of memory."""
    if "control-plane" not in host.roles:
        return 0, 0
    ignored = {name.lower() for name in spec.advanced.ignore_preflight_errors}
    cpus, memory = thresholds.KUBEADM_FLOOR
    return (0 if ignored & {"numcpu", "all"} else cpus, 0 if ignored & {"mem", "all"} else memory)


def has_etcd(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether `host` will run a member of etcd."""
    role = "etcd" if spec.topology.kind == "external" else "control-plane"
    return role in host.roles


def roles(host: HostSpec) -> str:
    """What a size is asked for, in words."""
    return " + ".join(host.roles)


def _processors(look: Look) -> Answer:
    seen = look.facts.count("cpus")
    if seen is None:
        return skips("the host did not say how many processors it has")
    needed = minimum(look.spec, look.host)[0]
    least = floor(look.spec, look.host)[0]
    expected = f"at least {needed} for {roles(look.host)} ({look.spec.profile})"
    if seen < least:
        text = (
            f"Add some, or put NumCPU into advanced.ignore_preflight_errors: kubeadm needs {least}."
        )
        return blocks(str(seen), words(text), f"at least {least}, or kubeadm refuses")
    if seen < needed:
        return look.strict(str(seen), _larger(look, f"{needed} processors"), expected)
    return passes(str(seen), expected)


def _memory(look: Look) -> Answer:
    seen = look.facts.count("memory.mb")
    if seen is None:
        return skips("the host did not say how much memory it has")
    needed = minimum(look.spec, look.host)[1]
    least = floor(look.spec, look.host)[1]
    expected = f"about {needed} MB for {roles(look.host)} ({look.spec.profile})"
    if seen < least:
        text = (
            f"Add some, or put Mem into advanced.ignore_preflight_errors: kubeadm needs {least} MB."
        )
        return blocks(f"{seen} MB", words(text), f"at least {least} MB, or kubeadm refuses")
    if seen < needed * thresholds.NOMINAL:
        return look.strict(f"{seen} MB", _larger(look, f"{needed} MB of memory"), expected)
    return passes(f"{seen} MB", expected)


def _larger(look: Look, size: str) -> Fix:
    if look.production:
        return answer(f"Give the host {size}, or choose the profile test.", "topology")
    return words(f"Give the host {size}.")


def _balloon(look: Look) -> Answer:
    seen = look.facts.count("balloon.mb")
    if seen is None:
        return passes("the kernel counts no memory balloon")
    if seen > thresholds.BALLOON_MB:
        fix = words("Reserve the whole memory of this virtual machine at the hypervisor.")
        return warns(f"the hypervisor has taken {seen} MB of memory back", fix, "none")
    return passes("none taken back")


CHECKS: tuple[Check, ...] = (
    Check(
        id="sizes.processors",
        title="Processors",
        area="sizes",
        why="With too few processors the control plane answers late, and pods find no room.",
        look=_processors,
        page="topology",
    ),
    Check(
        id="sizes.memory",
        title="Memory",
        area="sizes",
        why="With too little memory the kernel kills API servers, etcd or pods.",
        look=_memory,
        page="topology",
    ),
    Check(
        id="sizes.balloon",
        title="Memory that the hypervisor takes back",
        area="sizes",
        why="A member of etcd whose memory is taken away while it runs becomes slow, or is killed.",
        look=_balloon,
        marker="memory.mb",
        on=has_etcd,
    ),
)

"""Swap in all its forms: in use, at the next boot, and whoever brings it back."""

from __future__ import annotations

import shlex

from haui.spec import ClusterSpec, HostSpec
from steps import system
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
from steps.where import is_node

STEP = next(step for step in system.STEPS if step.id == "system.swap")

FILES = {
    "/etc/rc.local": (r"sed -i.haui-orig 's/^\([^#]*swapon\)/# \1/' /etc/rc.local"),
    "/etc/waagent.conf": (
        r"sed -i.haui-orig 's/^\([[:space:]]*ResourceDisk\.EnableSwap=\)y/\1n/I' /etc/waagent.conf"
    ),
}
"""What turns swap on at a boot without being a unit -> the command that takes it out."""


def _on(spec: ClusterSpec, host: HostSpec) -> bool:
    return is_node(spec, host) or "etcd" in host.roles


def _swap(look: Look) -> Answer:
    facts = look.facts
    if facts.yes("swap.asked") is None:
        return skips("the host did not say what it swaps to")
    active = facts.rows("swap.active", 4)
    in_use = [f"{device} ({kind}, {size} KB)" for device, kind, size, _ in active]
    if not is_node(look.spec, look.host):
        return _beside_etcd(look, in_use)
    if not STEP.on(look.spec, look.host):
        return passes("allowed: failSwapOn is false in advanced.kubeadm")
    if came_back := _returning(look):
        seen, fix = came_back
        return blocks(seen, fix, "nothing that turns swap on at a boot")
    swapped_mb = sum(int(row[3]) for row in active if row[3].isdecimal()) // 1024
    available = facts.count("memory.available.mb")
    if available is not None and swapped_mb > available:
        text = "Stop what takes the memory, or add some: what is swapped out must fit into it."
        seen = f"{swapped_mb} MB are swapped out, {available} MB of memory are available"
        return blocks(seen, words(text), "room in memory for what is swapped out")
    later = [f"/etc/fstab: {device}" for device in facts.all("swap.fstab")]
    later += list(facts.all("swap.zram"))
    fix = by_haui("system.swap", "Swap is turned off, now and at the next boot.")
    if in_use or later:
        return warns(" · ".join([*in_use, *later]), fix, "none")
    hidden = list(facts.all("swap.partition"))
    hidden += [row[0] for row in facts.rows("swap.unit", 2) if row[1] != "-"]
    if hidden and facts.one("swap.target") != "masked":
        return tells(f"not in use: {', '.join(hidden)}", fix, "none")
    return passes("none", "none")


def _returning(look: Look) -> tuple[str, Fix] | None:
    """What turns swap on at a boot and is not turned off by the step: it masks units, which can't
    be done to those whose file is in /etc, and knows nothing of other programs."""
    makers = list(look.facts.all("swap.maker"))
    units = [
        unit
        for unit, wanted in look.facts.rows("swap.unit", 2)
        if set(wanted.split()) - {"swap.target", "-"}
    ]
    if not makers and not units:
        return None
    services = [name for name in makers if name not in FILES] + units
    commands = [FILES[name] for name in makers if name in FILES]
    if services:
        quoted = " ".join(shlex.quote(name) for name in services)
        commands.insert(0, f"systemctl disable --now -- {quoted}")
    said = ", ".join([*makers, *units])
    fix = command("Turn off what brings swap back.", " && ".join(commands))
    return f"{said} turns swap on at every boot", fix


def _beside_etcd(look: Look, in_use: list[str]) -> Answer:
    if not in_use:
        return passes("none", "none")
    fix = command("Turn swap off, and take it out of /etc/fstab.", "swapoff -a")
    seen = " · ".join(in_use)
    return warns(seen, fix, "none") if look.production else tells(seen, fix, "none")


CHECKS: tuple[Check, ...] = (
    Check(
        id="disks.swap",
        title="Swap",
        area="disks",
        why="The kubelet does not start while swap is on; etcd answers late from it.",
        look=_swap,
        on=_on,
    ),
)

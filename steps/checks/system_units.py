"""Units of systemd: those that failed, and those that can not be started."""

from __future__ import annotations

import shlex

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
from steps.endpoint import has_haproxy, has_keepalived
from steps.where import has_containerd, is_node


def _units(look: Look) -> Answer:
    if look.facts.one("init") not in (None, "systemd"):
        return skips("the host does not run systemd")
    state = look.facts.one("systemd.state")
    if state is None or state in ("unknown", "offline"):
        return skips("systemd did not answer within 5 seconds")
    if state == "running":
        return passes("running")
    if state in ("maintenance", "stopping"):
        return blocks(state, words("Boot the host to its normal state."), "running")
    if state != "degraded":
        return warns(state, words("Wait until the host has finished booting."), "running")
    failed = look.facts.all("systemd.failed")
    seen = f"failed: {', '.join(failed)}" if failed else "degraded"
    if is_container(look.facts):
        # Units about hardware fail there, and nobody minds.
        return tells(seen, expected="no failed units")
    unit = shlex.quote(failed[0]) if failed else "UNIT"
    fix = words(
        f"Look with `systemctl status {unit}`; mend it, or forget it with "
        f"`systemctl reset-failed {unit}`."
    )
    return warns(seen, fix, "no failed units")


def _needed_units(look: Look) -> tuple[str, ...]:
    spec, host = look.spec, look.host
    needed = {
        "containerd.service": has_containerd(spec, host),
        "kubelet.service": is_node(spec, host),
        "keepalived.service": has_keepalived(spec, host),
        "haproxy.service": has_haproxy(spec, host),
        "nginx.service": has_keepalived(spec, host) and not has_haproxy(spec, host),
        # Installed only where nobody else sets the clock.
        "chrony.service": look.production and not look.facts.one("time.service"),
    }
    return tuple(unit for unit, is_needed in needed.items() if is_needed)


def _masked(look: Look) -> Answer:
    if look.facts.one("init") != "systemd":
        return skips("the host does not run systemd")
    needed = _needed_units(look)
    masked = {
        (unit, path.startswith("/run/"))
        for unit, path in look.facts.rows("unit.masked", 2)
        # The install masks nginx itself for the moments in which the package is installed.
        if unit in needed and not (unit == "nginx.service" and path.startswith("/run/"))
    }
    if not masked:
        return passes("none of " + ", ".join(unit.removesuffix(".service") for unit in needed))
    commands = []
    for runtime in (False, True):
        units = sorted(unit for unit, in_run in masked if in_run == runtime)
        if units:
            flag = "--runtime " if runtime else ""
            commands.append(f"systemctl unmask {flag}{' '.join(units)}")
    seen = ", ".join(sorted({unit for unit, _ in masked}))
    return blocks(
        f"masked: {seen}", command("Unmask what the cluster needs.", " && ".join(commands)), "none"
    )


CHECKS: tuple[Check, ...] = (
    Check(
        id="system.units",
        title="Failed units",
        area="system",
        why="What has failed already may be what the cluster needs: a mount, the network, a disk.",
        look=_units,
    ),
    Check(
        id="system.masked",
        title="Masked units",
        area="system",
        why="A masked unit can not be started, and the install stops half-way.",
        look=_masked,
    ),
)

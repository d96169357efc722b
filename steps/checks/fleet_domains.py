"""What may fail: members and their quorum, and what takes several of them at once."""

from __future__ import annotations

import re
from collections.abc import Iterable

from haui.spec import ClusterSpec, HostSpec
from steps.checks.check import Answer, Check, Look, answer, passes, skips, tells, warns, words
from steps.checks.fleet_clock import is_first
from steps.checks.fleet_view import Told, fleet_in, me, named
from steps.where import carriers

DOMAIN_LABELS = (
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
    "failure-domain.beta.kubernetes.io/zone",
    "topology.kubernetes.io/rack",
    "region",
    "zone",
    "datacenter",
    "rack",
)
"""Labels that say what fails together."""

_SERIAL = re.compile(r"(?!.*(?i:default|serial|filled|none|not ))[A-Za-z0-9][A-Za-z0-9 ._/-]{3,}")
"""A serial number, and not what vendors write where there is none."""


def members(spec: ClusterSpec) -> tuple[HostSpec, ...]:
    """The hosts that hold a member of etcd."""
    return spec.having("etcd") if spec.topology.kind == "external" else spec.control_planes


def tolerated(count: int) -> int:
    """How many of so many members may fail before the rest is no majority."""
    return (count - 1) // 2


def _is_grouped(spec: ClusterSpec, host: HostSpec) -> bool:
    return any(host in group and len(group) > 1 for group in (members(spec), carriers(spec)))


def _machine_of(told: Told | None) -> str | None:
    """What a host is built into. A container's boot has the id of the machine's kernel, a blade
    knows its chassis; a virtual machine does not see its machine (None)."""
    if told is None:
        return None
    if told.container:
        boot = told.facts.one("boot-id")
        return f"machine {boot}" if boot else None
    serial = told.facts.one("chassis.serial") or ""
    real = told.facts.one("virt") == "none" and _SERIAL.fullmatch(serial)
    return f"chassis {serial}" if real and len(set(serial)) > 2 else None


def _together(host: HostSpec, group: Iterable[HostSpec], label: str) -> tuple[str, ...]:
    value = host.labels.get(label)
    return tuple(other.name for other in group if value and other.labels.get(label) == value)


def _too_many(count: int, of: tuple[HostSpec, ...], etcd: bool) -> bool:
    return count > tolerated(len(of)) if etcd else count == len(of)


def _domains(look: Look) -> Answer:
    fleet, told, spec = fleet_in(look), me(look), look.spec
    groups = ((members(spec), "members of etcd", True), (carriers(spec), "balancers", False))
    own, labelled = _machine_of(told), False
    for group, noun, etcd in groups:
        if look.host not in group or len(group) < 2:
            continue
        same = [host.name for host in group if _machine_of(fleet.told.get(host.name)) == own]
        if own is not None and _too_many(len(same), group, etcd):
            seen = f"{own} carries {len(same)} of {len(group)} {noun} ({named(same)})"
            fix = words("Spread them over several machines.")
            return warns(seen, fix) if look.production else tells(seen, fix)
        for label in DOMAIN_LABELS:
            names = _together(look.host, group, label)
            labelled = labelled or bool(names)
            if names and _too_many(len(names), group, etcd):
                seen = f"{len(names)} of {len(group)} {noun} in {label}={look.host.labels[label]}"
                fix = answer("Spread them over more domains, or correct their labels.", "hosts")
                return warns(f"{seen} ({named(names)})", fix, "a majority elsewhere")
    if not labelled and own is None:
        return skips(
            "a virtual machine does not see its host, and no label says what fails together"
        )
    return passes("no domain that is known takes a majority")


def _quorum(look: Look) -> Answer:
    count = len(members(look.spec))
    noun = "member" if count == 1 else "members"
    may = tolerated(count)
    return tells(f"{count} {noun} of etcd: {may or 'none'} may fail, {count - may} must run")


CHECKS: tuple[Check, ...] = (
    Check(
        id="fleet.domains",
        title="Nothing takes a majority at once",
        area="fleet",
        why="When one machine, rack or zone takes most members of etcd with it, the cluster "
        "stands still although it has several of them.",
        look=_domains,
        on=_is_grouped,
        step="preflight.fleet",
        page="hosts",
    ),
    Check(
        id="fleet.quorum",
        title="Members of etcd",
        area="fleet",
        why="etcd works as long as more than half of its members do.",
        look=_quorum,
        on=is_first,
        step="preflight.fleet",
    ),
)

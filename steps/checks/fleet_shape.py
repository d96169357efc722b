"""What hosts should have alike, and whose failure takes more than one of them."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from steps.checks.check import (
    NO_FIX,
    Answer,
    Check,
    Fix,
    Look,
    command,
    passes,
    skips,
    tells,
    warns,
    words,
)
from steps.checks.fleet_view import Fleet, Told, fleet_in, me, named
from steps.checks.thresholds import VALUES_SHOWN

EVERYBODY = "hosts"


@dataclass(frozen=True)
class Group:
    """The values in one group of hosts."""

    common: str | None
    """What most of them have; None when no value is more frequent than the others."""
    several: bool
    text: str
    """Who has what, the most frequent first."""


@dataclass(frozen=True)
class Alike:
    """One kind of value that hosts should have alike, in each role or in all of the fleet."""

    value: Callable[[Fleet, Told], str | None]
    by_role: bool

    def groups_of(self, told: Told) -> tuple[str, ...]:
        """The groups in which this host is compared."""
        return told.host.roles if self.by_role else (EVERYBODY,)

    def __call__(self, fleet: Fleet) -> Mapping[str, Group]:
        """Group -> who has what in it."""
        owners: dict[str, dict[str, list[str]]] = {}
        for told in fleet.told.values():
            value = self.value(fleet, told)
            if value is not None:
                for group in self.groups_of(told):
                    owners.setdefault(group, {}).setdefault(value, []).append(told.name)
        return {group: _group(values) for group, values in owners.items()}


def _group(owners: Mapping[str, list[str]]) -> Group:
    counts = Counter({value: len(names) for value, names in owners.items()}).most_common()
    first = counts[0]
    clear = len(counts) == 1 or first[1] > counts[1][1]
    shown = [f"{value} ({named(owners[value])})" for value, _ in counts[:VALUES_SHOWN]]
    more = [f"{len(counts) - VALUES_SHOWN} other values"] if len(counts) > VALUES_SHOWN else []
    return Group(first[0] if clear else None, len(counts) > 1, ", ".join((*shown, *more)))


def alike(
    id_: str,
    title: str,
    why: str,
    value: Callable[[Fleet, Told], str | None],
    fix: Callable[[Look, str | None], Fix],
    missing: str,
    *,
    by_role: bool = False,
    say: Callable[[str, Fix, str], Answer] = warns,
) -> Check:
    """A check that the host has what most of the others have. Where no value is the most frequent,
    each of them is told."""
    index = Alike(value, by_role)

    def look(look: Look) -> Answer:
        fleet, told = fleet_in(look), me(look)
        own = value(fleet, told)
        if own is None:
            return skips(missing)
        groups = fleet.view(index)
        for name in index.groups_of(told):
            group = groups[name]
            if group.several and own != group.common:
                return say(f"{own}; {name}: {group.text}", fix(look, group.common), "all alike")
        return passes(f"{own}{fleet.scope}", "all alike")

    return Check(id=id_, title=title, area="fleet", why=why, look=look, step="preflight.fleet")


def one(key: str) -> Callable[[Fleet, Told], str | None]:
    """The value of a fact."""

    def value(fleet: Fleet, told: Told) -> str | None:
        return told.facts.one(key)

    return value


def advise(text: str) -> Callable[[Look, str | None], Fix]:
    """The same words for every host."""
    return lambda look, common: words(text)


def _distribution(fleet: Fleet, told: Told) -> str | None:
    name = told.facts.one("os.id")
    return f"{name} {told.facts.one('os.version') or ''}".strip() if name else None


def _proxy(fleet: Fleet, told: Told) -> str | None:
    given = fleet.spec.supply.proxy
    if given.http or given.https:
        return "supply.proxy of the cluster file"
    if told.facts.yes("proxy.asked") is None:
        return None
    return ", ".join(sorted(set(told.facts.all("proxy.set")))) or "no proxy"


def _mtu(fleet: Fleet, told: Told) -> str | None:
    link = told.links.get(told.node_link or "")
    return link.mtu if link is not None else None


def _node_link(fleet: Fleet, told: Told) -> str | None:
    return told.node_link


def _time_zone(look: Look, common: str | None) -> Fix:
    if common is None:
        return words("Choose one time zone: `timedatectl set-timezone Etc/UTC` on all hosts.")
    return command("Take the others' time zone.", f"timedatectl set-timezone {shlex.quote(common)}")


def _no_fix(look: Look, common: str | None) -> Fix:
    return NO_FIX


CHECKS: tuple[Check, ...] = (
    alike(
        "fleet.arch",
        "One architecture",
        "Images and packages must then exist for each of them, and pods with images for one only "
        "fail on the others.",
        one("arch"),
        advise("Use hosts of one architecture, or bind pods to nodes by kubernetes.io/arch."),
        "the host told no architecture",
    ),
    alike(
        "fleet.distribution",
        "One distribution in each role",
        "Hosts of one role that differ fail in different ways, and updates must be tried on each.",
        _distribution,
        advise("Install the same version of the same distribution on all hosts of a role."),
        "the host told no distribution",
        by_role=True,
    ),
    alike(
        "fleet.kernel",
        "One kernel in each role",
        "A fault of one kernel then shows on some hosts only.",
        one("kernel.release"),
        advise("Update all hosts and reboot them into the same kernel."),
        "the host told no kernel version",
        by_role=True,
    ),
    alike(
        "fleet.cgroup",
        "One version of cgroups in each role",
        "Limits of memory work differently on the nodes, so pods that run on one die on another.",
        one("cgroup"),
        advise("Boot all hosts with cgroup v2 (systemd.unified_cgroup_hierarchy=1)."),
        "the host told no version of cgroups",
        by_role=True,
    ),
    alike(
        "fleet.containerd",
        "One containerd in each role",
        "Hosts of one role that differ fail in different ways.",
        one("containerd.version"),
        advise("Update containerd to the same version on all hosts."),
        "no containerd is installed yet",
        by_role=True,
    ),
    alike(
        "fleet.mtu",
        "One MTU between the nodes",
        "Large packets from a host with a larger MTU vanish on the way to one with a smaller: "
        "connections hang after their first bytes.",
        _mtu,
        advise("Set the same MTU on the interfaces that carry the nodes' addresses."),
        "the host told no interface that has its address",
    ),
    alike(
        "fleet.interface",
        "One name of the nodes' interface",
        "Settings that name an interface, of a network plugin for instance, fit some hosts only.",
        _node_link,
        _no_fix,
        "the host told no interface that has its address",
        say=tells,
    ),
    alike(
        "fleet.proxy",
        "One proxy in each role",
        "Images and packages then come on some hosts and not on others.",
        _proxy,
        advise(
            "Say the same proxy on all hosts (/etc/environment, apt or dnf), or supply.proxy in "
            "the cluster file."
        ),
        "the host told nothing about proxies",
        by_role=True,
    ),
    alike(
        "fleet.time-zone",
        "One time zone",
        "Logs of different hosts are hard to lay side by side.",
        one("time.zone"),
        _time_zone,
        "the host told no time zone",
        say=tells,
    ),
)

"""All hosts' facts at once, worked out once for the fleet: what the checks of "fleet" look at."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TypeVar

from haui.clusterfile.types import IPAddress
from haui.evidence import Facts, Reading
from haui.spec import ClusterSpec, HostSpec
from steps.checks.check import FACTS, Look
from steps.checks.thresholds import NAMES_SHOWN

T = TypeVar("T")
IPInterface = ipaddress.IPv4Interface | ipaddress.IPv6Interface

CONTAINERS = frozenset(
    ("systemd-nspawn", "lxc", "lxc-libvirt", "docker", "podman", "openvz", "container-other")
)
"""What systemd-detect-virt calls containers: they have the machine's DMI, kernel and clock."""

_SOFTWARE_LINK = re.compile(
    r"lo$|docker|br-[0-9a-f]{12}$|(veth|cni|cali|flannel|cilium|lxc|lxd|incus|virbr|vnet|kube-|"
    r"nodelocaldns|vxlan|tunl|dummy|wg|tun|tap|podman|sit|gre|ip6|tailscale|zt|ovs|weave|nerdctl)"
)
"""Interfaces that software makes on each machine alike: their addresses may repeat."""

_REAL_KINDS = frozenset(("", "bond", "team", "vlan", "bridge", "macvlan", "ipvlan"))
"""What the kernel calls interfaces that may lead to other hosts, beside hardware ("-")."""


@lru_cache(maxsize=16384)
def interface_of(text: str) -> IPInterface | None:
    """An address with its prefix length; None when the text is none."""
    try:
        return ipaddress.ip_interface(text)
    except ValueError:
        return None


@lru_cache(maxsize=16384)
def address_of(text: str) -> IPAddress | None:
    """An address; None when the text is none."""
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Address:
    """One address of a host, and the interface that has it."""

    link: str
    at: IPInterface


@dataclass(frozen=True, slots=True)
class Link:
    """One interface of a host."""

    name: str
    mtu: str
    mac: str
    kind: str = ""


@dataclass(frozen=True)
class Told:
    """One host that has told all of its facts."""

    host: HostSpec
    facts: Facts
    reading: Reading

    @property
    def name(self) -> str:
        return self.host.name

    @cached_property
    def container(self) -> bool:
        """Whether it shares the machine's kernel, clock and hardware."""
        return self.facts.one("virt") in CONTAINERS

    @cached_property
    def addresses(self) -> tuple[Address, ...]:
        found = []
        for link, rest in self.facts.rows("address", 2):
            at = interface_of(rest.split()[0])
            if at is not None:
                found.append(Address(link.partition("@")[0], at))
        return tuple(found)

    @cached_property
    def links(self) -> Mapping[str, Link]:
        found = {}
        for name, _state, mtu, rest in self.facts.rows("link", 4):
            name = name.partition("@")[0]
            mac, _blank, kind = rest.partition(" ")
            found[name] = Link(name, mtu, mac.lower(), kind)
        return found

    @cached_property
    def node_link(self) -> str | None:
        """The interface that has the host's address; None when none has it."""
        own = address_of(self.host.address)
        return next((a.link for a in self.addresses if a.at.ip == own), None)

    def is_real(self, link: str) -> bool:
        """Whether other hosts are behind that interface, as far as its kind and name tell."""
        kind = self.links[link].kind if link in self.links else ""
        if link == self.node_link or kind == "-":
            return True
        return kind in _REAL_KINDS and not _SOFTWARE_LINK.match(link)

    def joined(self, spec: ClusterSpec) -> bool:
        """Whether it is a node of this very cluster: the install is being continued, or is over."""
        own = self.host.address
        known = (f"https://{spec.endpoint.name}:{spec.endpoint.port}", f"https://{own}:6443")
        servers = self.facts.all("kubernetes.server")
        return bool(servers) and all(
            server.rstrip("/") in (*known, f"https://[{own}]:6443") for server in servers
        )


@dataclass(frozen=True)
class Fleet:
    """Every host of the cluster file that has told all of its facts, in the file's order."""

    spec: ClusterSpec
    readings: Mapping[str, Reading]
    _views: dict[object, object] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def told(self) -> Mapping[str, Told]:
        found = {}
        for host in self.spec.hosts:
            reading = self.readings.get(host.name)
            if reading is not None and reading.facts.complete:
                found[host.name] = Told(host, reading.facts, reading)
        return found

    def view(self, make: Callable[[Fleet], T]) -> T:
        """What `make` works out of the fleet, once."""
        if make not in self._views:
            self._views[make] = make(self)
        return self._views[make]  # type: ignore[return-value]

    @cached_property
    def machines(self) -> Mapping[str, tuple[str, ...]]:
        """The hosts that are one and the same machine, by the name of each of them.

        A boot's id is the kernel's, so that containers of one machine share it: those are only the
        same when they also share an interface.
        """
        boots: dict[tuple[str, str, str], list[str]] = {}
        for told in self.told.values():
            machine, boot = told.facts.one("machine-id"), told.facts.one("boot-id")
            if not machine or not boot:
                continue
            link = told.links.get(told.node_link or "")
            if told.container and link is None:
                continue
            mac = link.mac if told.container and link is not None else ""
            boots.setdefault((machine, boot, mac), []).append(told.name)
        return {name: tuple(names) for names in boots.values() if len(names) > 1 for name in names}

    def others(self, name: str, names: Iterable[str]) -> tuple[str, ...]:
        """Those of `names` that are another machine than `name`."""
        same = self.machines.get(name, (name,))
        return tuple(other for other in names if other not in same)

    @property
    def scope(self) -> str:
        """With how many hosts each one is compared; says so when some could not tell."""
        silent = len(self.spec.hosts) - len(self.told)
        return f" ({silent} of {len(self.spec.hosts)} hosts told nothing)" if silent else ""


def fleet_in(look: Look) -> Fleet:
    """The fleet of this look; made once while no host tells anew."""
    return look.evidence.derive(FACTS, look.spec, Fleet)


def me(look: Look) -> Told:
    """The host that is judged. A check of the fleet is only asked about hosts that told all."""
    return fleet_in(look).told[look.host.name]


def named(names: Iterable[str]) -> str:
    """A few names, and how many more there are."""
    names = tuple(names)
    shown = ", ".join(names[:NAMES_SHOWN])
    more = len(names) - NAMES_SHOWN
    return f"{shown} and {more} more" if more > 0 else shown

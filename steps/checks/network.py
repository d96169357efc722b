"""Addresses, routes and the virtual address of one host."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

from haui.evidence import Facts
from haui.spec import ClusterSpec, HostSpec
from steps import endpoint_kube_vip
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
from steps.checks.fleet_view import IPInterface, address_of, interface_of
from steps.checks.thresholds import LINK_MBIT
from steps.mirrors import mirrors, registry_hosts
from steps.where import carriers, is_node

PACKAGES_HOST = "pkgs.k8s.io"
IMAGES_HOST = "registry.k8s.io"
CLOUDS = re.compile(
    r"amazon|google|microsoft corporation|openstack|digitalocean|hetzner|alibaba|oracle|linode|"
    r"akamai|vultr|scaleway|ovh|upcloud|exoscale",
    re.IGNORECASE,
)
"""Vendors of machines whose DHCP gives a machine the same address for all its life."""


@dataclass(frozen=True, slots=True)
class Own:
    """One address of the host."""

    device: str
    at: IPInterface
    flags: frozenset[str]


def is_announced(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether `host` may announce the virtual address in its network segment. One that routers
    learn need not be in any subnet of the hosts."""
    announces = host in carriers(spec) and not endpoint_kube_vip.is_bgp(spec)
    return bool(spec.endpoint.vip) and announces


def lookup_name(spec: ClusterSpec) -> str:
    """A name that the hosts have to resolve for the install, empty when every source of packages
    and images is an address. Behind a proxy only the proxy has to be known."""
    proxy = spec.supply.proxy.https or spec.supply.proxy.http
    images = spec.supply.images
    registry = images.registries.get(IMAGES_HOST) or f"https://{images.repository or IMAGES_HOST}"
    if not images.repository and any(mirror.built for mirror in mirrors(spec).get(IMAGES_HOST, ())):
        registry = ""
    packages = spec.supply.packages.mirror or f"https://{PACKAGES_HOST}"
    sources = (proxy,) if proxy else (packages, registry)
    names = (urlsplit(source).hostname or "" for source in sources)
    return next((name for name in names if name and address_of(name) is None), "")


def is_local(spec: ClusterSpec) -> bool:
    """Whether packages and images come through the admin's own servers, maybe without a route to
    anywhere else."""
    images = spec.supply.images
    mirrored = bool(images.repository or images.registries or registry_hosts(spec))
    proxy = bool(spec.supply.proxy.https or spec.supply.proxy.http)
    return proxy or (bool(spec.supply.packages.mirror) and mirrored)


def addresses(look: Look) -> tuple[Own, ...]:
    """Every address that the host has told."""
    return _addresses(look.facts)


# A host's checks follow each other, and eight of them ask.
@lru_cache(maxsize=4)
def _addresses(facts: Facts) -> tuple[Own, ...]:
    found = []
    for device, text, flags in facts.rows("address", 3):
        at = interface_of(text)
        if at is not None:
            found.append(Own(device, at, frozenset(flags.split(","))))
    return tuple(found)


def own(look: Look) -> Own | None:
    """The address of the cluster file, as the host has it; None when it has not."""
    wanted = ip_address(look.host.address)
    return next((a for a in addresses(look) if a.at.ip == wanted), None)


def device(look: Look) -> str:
    """The interface that the host is meant to use; empty when nobody knows."""
    here = own(look)
    asked = look.host.interface or look.spec.endpoint.interface
    return asked or (here.device if here else "")


NO_ADDRESSES = skips("the host told no addresses (is `ip` missing?)")
NOT_HERE = skips("the host's address is on none of its interfaces")


def _address(look: Look) -> Answer:
    found = addresses(look)
    if not found:
        return NO_ADDRESSES
    expected = f"{look.host.address} on an interface"
    here = own(look)
    if here is None:
        shown = [f"{a.device} {a.at}" for a in found if not a.flags & {"scope-host", "scope-link"}]
        return blocks(
            f"the host has {', '.join(shown[:8]) or 'no address'}",
            answer("Correct the host's address; it must be one of the host itself.", "hosts"),
            expected,
        )
    if "dadfailed" in here.flags:
        return blocks(
            f"{here.at} on {here.device}: the kernel found another host with it",
            words("Give one of the two hosts another address."),
            expected,
        )
    poor = sorted(here.flags & {"secondary", "deprecated", "temporary"})
    if poor:
        return warns(
            f"{here.at} on {here.device} is {' and '.join(poor)}",
            words("Use the interface's first address, or make this one the first."),
            "the first, lasting address of its interface",
        )
    return passes(f"{here.at} on {here.device}", expected)


def _interface(look: Look) -> Answer:
    links = {name: state for name, state, _ in look.facts.rows("link", 3)}
    if not links:
        return skips("the host told no interfaces (is `ip` missing?)")
    here = own(look)
    wanted = [name for name in (device(look), here.device if here else "") if name]
    if not wanted:
        return NOT_HERE
    for name in dict.fromkeys(wanted):
        if name not in links:
            return blocks(
                f"no interface {name}; the host has {', '.join(list(links)[:8])}",
                answer("Correct the interface's name for this host.", "hosts"),
                f"{name} is there and up",
            )
        if links[name] not in ("UP", "UNKNOWN"):
            return blocks(
                f"{name} is {links[name]}",
                words(f"Bring {name} up: cable, switch port, or its configuration."),
                f"{name} is up",
            )
    return passes(", ".join(f"{name} {links[name]}" for name in dict.fromkeys(wanted)))


def _dynamic(look: Look) -> Answer:
    here = own(look)
    if here is None:
        return NOT_HERE if addresses(look) else NO_ADDRESSES
    source = f" src {here.at.ip} "
    leased = any(
        " proto dhcp " in f"{line} " and source in f"{line} " for line in _routes(look, here)
    )
    if "dynamic" not in here.flags and not leased:
        return passes(f"{here.at} on {here.device} stays", "a static address")
    seen = f"{here.at} on {here.device} was handed out for a time (DHCP or router)"
    vendor = look.facts.one("vendor") or ""
    if CLOUDS.search(vendor):
        return tells(f"{seen}; {vendor} keeps a machine's address")
    fix = words("Configure the address as static, or reserve it for ever in the DHCP server.")
    keeps = {"control-plane", "etcd", "load-balancer"} & set(look.host.roles)
    return (look.strict if keeps else warns)(seen, fix, "a static address")


def _routes(look: Look, here: Own) -> tuple[str, ...]:
    return look.facts.all(f"route{here.at.version}")


def _main(look: Look, here: Own) -> tuple[str, ...]:
    """The usable routes of the table main."""
    dead = re.compile(
        r" (table (?!main\b)\S+|linkdown|dead)( |$)|^(unreachable|blackhole|prohibit)"
    )
    return tuple(line for line in _routes(look, here) if not dead.search(line))


def _default(look: Look) -> Answer:
    here = own(look)
    if here is None:
        return NOT_HERE if addresses(look) else NO_ADDRESSES
    if not _routes(look, here):
        return skips("the host told no routes")
    routes = [r for r in _main(look, here) if re.match(r"(default|0\.0\.0\.0/0|::/0)( |$)", r)]
    if not routes:
        return _no_default(look, here)
    best = min(_metric(route) for route in routes)
    first = [route for route in routes if _metric(route) == best]
    devices = sorted({name for route in first for name in re.findall(r" dev (\S+)", route)})
    seen = " · ".join(routes[:4])
    if len(devices) > 1:
        return warns(
            f"{seen} (equal metrics on {' and '.join(devices)})",
            words("Give one of the default routes a higher metric."),
            "one default route that counts",
        )
    if devices and devices[0] != here.device:
        return warns(
            f"{seen}, but {here.at.ip} is on {here.device}",
            words("Check that answers to other networks may leave on that interface; else move "
                  "the default route, or use the address of that interface."),
            f"a default route on {here.device}",
        )  # fmt: skip
    return passes(seen, "one default route that counts")


def _no_default(look: Look, here: Own) -> Answer:
    spec = look.spec
    services = ip_network(spec.network.services)
    expected = "one default route"
    if not is_node(spec, look.host):
        seen, fix = "no default route", words("Add one, should the host need other networks.")
        return tells(seen, fix, expected) if is_local(spec) else look.strict(seen, fix, expected)
    ends = str(services[0]), str(services[-1])
    covered = any(_covers(route, *ends) for route in _main(look, here))
    if covered and is_local(spec):
        return tells(f"none, but {services} is routed", expected=expected)
    fix = words(f"Add a default route on {here.device}, or at least one that covers {services}.")
    return (warns if is_local(spec) else look.strict)("no default route", fix, expected)


def _covers(route: str, first: str, last: str) -> bool:
    at = interface_of(route.split(" ", 1)[0])
    ends = [address_of(end) for end in (first, last)]
    return at is not None and all(end in at.network for end in ends if end is not None)


def _metric(route: str) -> int:
    found = re.search(r" metric (\d+)", route)
    return int(found[1]) if found else 0


def _speed(look: Look) -> Answer:
    rows = look.facts.rows("link.speed", 3)
    if not rows or not rows[0][1].isdecimal():
        return skips("the network card's driver tells no speed, as virtual ones do")
    name, mbit, duplex = rows[0]
    seen, expected = f"{name}: {mbit} Mbit/s, {duplex} duplex", f"{LINK_MBIT} Mbit/s, full duplex"
    fix = words("Look at the cable and at the switch's port.")
    if duplex == "half":
        return warns(seen, fix, expected)
    if int(mbit) < LINK_MBIT:
        return (warns if look.production else tells)(seen, fix, expected)
    return passes(seen, expected)


CHECKS: tuple[Check, ...] = (
    Check(
        id="network.address",
        title="Address of the host",
        area="network",
        why="etcd, the API server and the kubelet listen on that address and are found by it.",
        look=_address,
        page="hosts",
    ),
    Check(
        id="network.interface",
        title="Interface of the host",
        area="network",
        why="What the cluster says to this host goes through that interface.",
        look=_interface,
        page="hosts",
    ),
    Check(
        id="network.static",
        title="Address that stays",
        area="network",
        why="Certificates and etcd's list of members hold the address: with another one the host "
        "drops out of the cluster.",
        look=_dynamic,
    ),
    Check(
        id="network.route",
        title="Default route",
        area="network",
        why="Without a route even the addresses of Services are unreachable from the host; with "
        "two, answers may take the wrong way.",
        look=_default,
    ),
    Check(
        id="network.speed",
        title="Speed of the link",
        area="network",
        why="A slow or half-duplex link delays etcd's heartbeats and every image.",
        look=_speed,
    ),
)

"""The address of one host, its interface and its link."""

from __future__ import annotations

import re

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
from steps.checks.default_route import DEFAULT_ROUTE, told_routes
from steps.checks.own_address import NO_ADDRESSES, NOT_HERE, addresses, device, own
from steps.checks.thresholds import LINK_MBIT
from steps.where import carriers

CLOUDS = re.compile(
    r"amazon|google|microsoft corporation|openstack|digitalocean|hetzner|alibaba|oracle|linode|"
    r"akamai|vultr|scaleway|ovh|upcloud|exoscale",
    re.IGNORECASE,
)
"""Vendors of machines whose DHCP gives a machine the same address for all its life."""


def is_announced(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether `host` may announce the virtual address in its network segment. One that routers
    learn need not be in any subnet of the hosts."""
    announces = host in carriers(spec) and not endpoint_kube_vip.is_bgp(spec)
    return bool(spec.endpoint.vip) and announces


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
        " proto dhcp " in f"{line} " and source in f"{line} " for line in told_routes(look, here)
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
    DEFAULT_ROUTE,
    Check(
        id="network.speed",
        title="Speed of the link",
        area="network",
        why="A slow or half-duplex link delays etcd's heartbeats and every image.",
        look=_speed,
    ),
)

"""The endpoint seen from all hosts: its name, and the network segment of its address."""

from __future__ import annotations

from collections.abc import Mapping

from haui.clusterfile.types import IPAddress, IPNetwork
from haui.spec import ClusterSpec, HostSpec
from steps.checks.check import (
    Answer,
    Check,
    Look,
    answer,
    blocks,
    by_haui,
    passes,
    skips,
    tells,
    warns,
    words,
)
from steps.checks.fleet_view import Fleet, Told, address_of, fleet_in, me, named
from steps.checks.network import is_announced
from steps.where import is_node


def _segment(fleet: Fleet, told: Told) -> tuple[str, tuple[IPNetwork, ...]]:
    """The interface that will carry the virtual address, and the networks that are behind it."""
    link = told.host.interface or fleet.spec.endpoint.interface or told.node_link or ""
    vip = address_of(fleet.spec.endpoint.vip or "")
    # A single address (/32) is the virtual one itself, or has nobody beside it.
    networks = (
        address.at.network
        for address in told.addresses
        if address.link == link and address.at.ip != vip and address.at.network.num_addresses > 1
    )
    return link, tuple(dict.fromkeys(networks))


def segments(fleet: Fleet) -> Mapping[str, IPNetwork]:
    """Carrier -> the network of its interface that holds the virtual address."""
    vip = address_of(fleet.spec.endpoint.vip or "")
    found = {}
    for told in fleet.told.values():
        if vip is not None and is_announced(fleet.spec, told.host):
            holding = [net for net in _segment(fleet, told)[1] if vip in net]
            if holding:
                found[told.name] = max(holding, key=lambda net: net.prefixlen)
    return found


def _vip(look: Look) -> Answer:
    fleet, told = fleet_in(look), me(look)
    vip = look.spec.endpoint.vip
    link, networks = _segment(fleet, told)
    if not told.addresses or not link:
        return skips("the host told no interface that has its address")
    own = fleet.view(segments).get(told.name)
    if own is None:
        behind = ", ".join(str(net) for net in networks) or "no network"
        return skips(f"{vip} is not in the network of {link} ({behind}): see network.vip")
    other = {
        net: [name for name, theirs in fleet.view(segments).items() if theirs == net]
        for net in dict.fromkeys(fleet.view(segments).values())
        if net != own
    }
    expected = "the same network on every host that carries the address"
    if not other:
        return passes(f"{vip} in {own} on {link}", expected)
    theirs = ", ".join(f"{net} on {named(names)}" for net, names in other.items())
    return blocks(
        f"{own} on {link}; {theirs}",
        words("Give the hosts' addresses the same prefix length, or use hosts of one network."),
        expected,
    )


def _direct(spec: ClusterSpec, host: HostSpec) -> bool:
    cni = spec.network.cni
    direct = cni.kind == "bridge" or cni.encapsulation == "never"
    return direct and is_node(spec, host) and len(spec.nodes) > 1


def _segment_of_nodes(look: Look) -> Answer:
    told = me(look)
    own = next((a.at.network for a in told.addresses if str(a.at.ip) == told.host.address), None)
    if own is None:
        return skips("the host told no interface that has its address")
    away = [
        node.name
        for node in look.spec.nodes
        if (address := address_of(node.address)) is not None and address not in own
    ]
    expected = "all nodes in one network"
    if not away:
        return passes(f"all {len(look.spec.nodes)} nodes are in {own}", expected)
    seen, kind = f"{named(away)} outside of {own}", look.spec.network.cni.kind
    if kind == "bridge":
        fix = answer("Choose flannel, calico or cilium for the pods.", "cluster")
        return blocks(seen, fix, expected)
    if kind == "calico":
        text = "Choose encapsulation across-subnets, or let the routers in between speak BGP."
        return warns(seen, answer(text, "cluster"), expected)
    wrapped = "always" if kind == "cilium" else "across-subnets"
    return blocks(seen, answer(f"Choose encapsulation {wrapped}.", "cluster"), expected)


def _names(look: Look) -> Answer:
    told, spec = me(look), look.spec
    if told.facts.yes("endpoint.asked") is None:
        return skips("the host was not asked for the endpoint's name")
    found = [at for at in (address_of(text) for text in told.facts.all("endpoint.name")) if at]
    known = address_of(spec.endpoint_address or "")
    shown = ", ".join(str(at) for at in found) or "no address"
    if known is not None:
        expected = f"{spec.endpoint.name} is {known}"
        if found and all(at == known for at in found):
            return passes(shown, expected)
        return tells(shown, by_haui("system.hosts", "haui writes it into /etc/hosts."), expected)
    return _by_dns(fleet_in(look), told, tuple(found), shown)


def _answers(fleet: Fleet) -> Mapping[frozenset[IPAddress], tuple[str, ...]]:
    owners: dict[frozenset[IPAddress], list[str]] = {}
    for told in fleet.told.values():
        if told.facts.yes("endpoint.asked") is not None:
            ats = (address_of(text) for text in told.facts.all("endpoint.name"))
            owners.setdefault(frozenset(at for at in ats if at), []).append(told.name)
    return {ats: tuple(names) for ats, names in owners.items()}


def _by_dns(fleet: Fleet, told: Told, found: tuple[IPAddress, ...], shown: str) -> Answer:
    """A balancer of the admin's own, whose address only DNS says."""
    spec = fleet.spec
    expected = f"{spec.endpoint.name} is the balancer, on all hosts alike"
    mend = answer("Correct the name in DNS, or say the balancer's address.", "endpoint")
    if not found:
        return blocks(f"{shown} for {spec.endpoint.name}", mend, expected)
    hosts = {address_of(host.address): host for host in spec.hosts}
    own = [hosts[at] for at in found if at in hosts]
    if {host.name for host in own} == {host.name for host in spec.control_planes}:
        text = f"{shown}: every control plane; clients go on trying a dead one"
        return warns(text, mend, expected)
    if own or any(at.is_loopback for at in found):
        names = named(host.name for host in own) or "this host itself"
        return blocks(f"{shown}: {names}; when that host dies, the API is gone", mend, expected)
    answers = fleet.view(_answers)
    other = {ats: names for ats, names in answers.items() if ats != frozenset(found) and ats}
    if other:
        theirs = "; ".join(
            f"{', '.join(sorted(str(at) for at in ats))} on {named(names)}"
            for ats, names in other.items()
        )
        return blocks(f"{shown}; {theirs}", mend, expected)
    return passes(shown, expected)


CHECKS: tuple[Check, ...] = (
    Check(
        id="fleet.vip-segment",
        title="One network for all hosts of the virtual address",
        area="fleet",
        why="The address moves between hosts by telling their network segment: a host with another "
        "prefix length is in another one, and would hold the address without being found.",
        look=_vip,
        on=is_announced,
        step="preflight.fleet",
        page="endpoint",
    ),
    Check(
        id="fleet.segment",
        title="Nodes in one network segment",
        area="fleet",
        why="With the pod network bridge, and with others that do not encapsulate, nodes send "
        "packets of pods directly to one another.",
        look=_segment_of_nodes,
        on=_direct,
        step="preflight.fleet",
        page="cluster",
    ),
    Check(
        id="fleet.endpoint-name",
        title="Endpoint's name on all hosts",
        area="fleet",
        why="A node that finds another address under the endpoint's name can't join, or loses the "
        "API when that one host dies.",
        look=_names,
        step="preflight.fleet",
        page="endpoint",
    ),
)

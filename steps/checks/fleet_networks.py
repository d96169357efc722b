"""The cluster's own networks against everything that the hosts reach or have."""

from __future__ import annotations

import ipaddress
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from haui.clusterfile.networks import overlap
from haui.clusterfile.types import IPNetwork
from haui.spec import ClusterSpec
from steps.checks.check import (
    Answer,
    Check,
    Fix,
    Look,
    answer,
    blocks,
    command,
    passes,
    skips,
    warns,
    words,
)
from steps.checks.fleet_clock import is_first
from steps.checks.fleet_free import free_network
from steps.checks.fleet_routes import DEAD_ENDS, Route, routes_of
from steps.checks.fleet_view import Fleet, Told, address_of, fleet_in, me
from steps.checks.thresholds import KEPT_BLOCKS, VALUES_SHOWN
from steps.where import is_node

FIELDS = ("pods", "services")
_POD_LINKS = ("cni", "flannel", "cali", "cilium", "lxc", "tunl", "vxlan", "kube-", "veth", "weave")
"""How the interfaces of pod networks and of kube-proxy begin."""
_LEFT_LINKS = ("cni0", "flannel.", "vxlan.calico", "cilium_", "kube-ipvs0", "kube-bridge")
"""Those that stay when a cluster is removed, and that no other software has."""
KEPT_FOR = ("docker's default", "libvirt's default", "for measurements (RFC 2544)")
"""Whose the `KEPT_BLOCKS` are."""


def networks_of(spec: ClusterSpec) -> dict[str, IPNetwork]:
    """The cluster's own networks by their field in the cluster file."""
    return {field: ipaddress.ip_network(getattr(spec.network, field)) for field in FIELDS}


def _within(inner: IPNetwork, outer: IPNetwork) -> bool:
    return overlap(inner, outer) and inner.prefixlen >= outer.prefixlen


def _is_own(route: Route, network: IPNetwork, fleet: Fleet, joined: bool) -> bool:
    """Whether it leads to pods of this very cluster: the way that a node has to its own ones, or to
    those of another node. A host that was taken out, or is to come back, may have the latter, too.
    """
    if not _within(route.network, network):
        return False
    if route.via in fleet.view(node_addresses) and fleet.view(exists):
        return True
    return joined and (route.link.startswith(_POD_LINKS) or route.kind in DEAD_ENDS)


@dataclass(frozen=True, slots=True)
class Clash:
    """A network of the cluster, and what is in its way. `wide`: a way through a router to a larger
    network, of which the cluster would hide a part."""

    field: str
    network: IPNetwork
    what: str
    wide: bool = False
    link: str = ""

    @property
    def text(self) -> str:
        return f"network.{self.field} {self.network} overlaps with {self.what}"


def _servers(fleet: Fleet) -> tuple[tuple[str, str], ...]:
    """What the cluster file names by address, beside the hosts: what, and the address."""
    supply, spec = fleet.spec.supply, fleet.spec
    urls = {
        "supply.packages.mirror": supply.packages.mirror,
        "supply.proxy.http": supply.proxy.http,
        "supply.proxy.https": supply.proxy.https,
        **{
            f"supply.images.registries.{name}": url
            for name, url in supply.images.registries.items()
        },
    }
    found = [(what, urlsplit(url).hostname or "") for what, url in urls.items() if url]
    found += [("endpoint.bgp.peers", peer.address) for peer in spec.endpoint.bgp.peers]
    return tuple((what, name) for what, name in found if address_of(name) is not None)


def clashes_of(fleet: Fleet, told: Told) -> tuple[Clash, ...]:
    """Everything on this host that overlaps with a network of the cluster."""
    return tuple(_clashes(fleet, told, told.joined(fleet.spec)))


def _clashes(fleet: Fleet, told: Told, joined: bool) -> Iterator[Clash]:
    networks = fleet.view(own_networks)
    routes = tuple(routes_of(told))
    servers = [
        (f"the name server {value}", value.strip())
        for kind, value in told.facts.rows("resolver", 2)
        if kind in ("nameserver", "upstream") and not joined
    ]
    servers += [(f"{what} {address}", address) for what, address in fleet.view(_servers)]
    for field, network in networks.items():
        seen: set[IPNetwork] = set()
        for route in routes:
            if route.network in seen or not overlap(route.network, network):
                continue
            wide = not _within(route.network, network)
            if _is_own(route, network, fleet, joined) or (wide and route.kind in DEAD_ENDS):
                continue
            seen.add(route.network)
            yield Clash(
                field, network, f"the route {route.text}", wide and bool(route.via), route.link
            )
        for what, text in servers:
            address = address_of(text)
            if address is not None and address in network:
                yield Clash(field, network, what)


def own_networks(fleet: Fleet) -> dict[str, IPNetwork]:
    """The cluster's own networks, parsed once for the fleet."""
    return networks_of(fleet.spec)


def node_addresses(fleet: Fleet) -> frozenset[str]:
    """The addresses of all hosts of the cluster file."""
    return frozenset(host.address for host in fleet.spec.hosts)


def exists(fleet: Fleet) -> bool:
    """Whether any host is a node of the cluster by now: what leads to its pods is no accident."""
    return any(told.joined(fleet.spec) for told in fleet.told.values())


def _taken(fleet: Fleet) -> Iterator[IPNetwork]:
    for told in fleet.told.values():
        yield from (route.network for route in routes_of(told))
        for _kind, value in told.facts.rows("resolver", 2):
            yield from _single(value.strip())
    for host in fleet.spec.hosts:
        yield from _single(host.address)
    yield from _single(fleet.spec.endpoint.vip or "")
    for _what, text in fleet.view(_servers):
        yield from _single(text)


def _single(text: str) -> Iterator[IPNetwork]:
    address = address_of(text)
    if address is not None:
        yield ipaddress.ip_network(address)


def suggestion(fleet: Fleet) -> str:
    """Free networks for those fields that clash on any host: "pods: A, services: B"; empty when
    none is known."""
    bad = {clash.field for told in fleet.told.values() for clash in clashes_of(fleet, told)}
    bad |= {field for field, _what in _foreseeable(fleet.spec)}
    taken = set(_taken(fleet))
    networks = networks_of(fleet.spec)
    taken |= {network for field, network in networks.items() if field not in bad}
    found = []
    for field in (field for field in FIELDS if field in bad):
        free = free_network(networks[field], taken, fleet.spec.name)
        if free is not None:
            found.append(f"{field}: {free}")
            taken.add(free)
    return ", ".join(found)


def _other_networks(fleet: Fleet) -> Fix:
    free = fleet.view(suggestion)
    where = f"for instance {free}" if free else "ask who plans your networks for a free one"
    return answer(f"Choose networks that nothing else uses: {where}.", "cluster")


def _mend(fleet: Fleet, told: Told, found: Iterable[Clash]) -> Fix:
    if told.joined(fleet.spec):
        return words("Take the route away: the networks of a cluster can't be changed later.")
    links = dict.fromkeys(clash.link for clash in found)
    if all(link.startswith(_LEFT_LINKS) for link in links):
        text = "Remove the interfaces that another cluster has left."
        return command(text, " && ".join(f"ip link delete {shlex.quote(link)}" for link in links))
    return _other_networks(fleet)


def _networks(look: Look) -> Answer:
    fleet, told = fleet_in(look), me(look)
    if not (told.facts.all("route4") or told.facts.all("route6")):
        return skips("the host told no routes")
    found = sorted(clashes_of(fleet, told), key=lambda clash: clash.wide)
    networks = ", ".join(f"{field} {net}" for field, net in networks_of(fleet.spec).items())
    expected = f"{networks}: used by nobody else"
    if not found:
        return passes("no route, address or name server of the host is in them", expected)
    more = f" · {len(found) - VALUES_SHOWN} more" if len(found) > VALUES_SHOWN else ""
    seen = " · ".join(clash.text for clash in found[:VALUES_SHOWN]) + more
    # Only nodes carry packets of pods; another host may still be a router or a name server of one.
    mild = all(clash.wide for clash in found) or not is_node(look.spec, look.host)
    say = warns if mild else blocks
    return say(seen, _mend(fleet, told, found), expected)


def _public(network: IPNetwork) -> bool:
    shared = ipaddress.ip_network("100.64.0.0/10")
    return not network.is_private and not _within(network, shared)


def _foreseeable(spec: ClusterSpec) -> Iterator[tuple[str, str]]:
    """Fields whose networks others will want, and why; it needs no host to know."""
    for field, network in networks_of(spec).items():
        if _public(network):
            yield field, f"network.{field} {network} holds public addresses"
        for text, owner in zip(KEPT_BLOCKS, KEPT_FOR, strict=True):
            if overlap(network, ipaddress.ip_network(text)):
                yield field, f"network.{field} {network} overlaps with {text}, {owner}"


def _ranges(look: Look) -> Answer:
    said = [text for _field, text in _foreseeable(look.spec)]
    expected = "private networks (RFC 1918, RFC 6598, RFC 4193) that no common software takes"
    if not said:
        return passes("both networks are private", expected)
    return warns(" · ".join(said), _other_networks(fleet_in(look)), expected)


CHECKS: tuple[Check, ...] = (
    Check(
        id="fleet.networks",
        title="Networks of pods and Services are free",
        area="fleet",
        why="What has an address in the cluster's own networks can't be reached from its pods and "
        "nodes any more, and these networks can't be changed later.",
        look=_networks,
        step="preflight.fleet",
        page="cluster",
    ),
    Check(
        id="fleet.network-ranges",
        title="Networks of pods and Services are private",
        area="fleet",
        why="Pods can't reach the owners of public addresses that the cluster uses itself, and "
        "software that is installed later may take the same network.",
        look=_ranges,
        on=is_first,
        step="preflight.fleet",
        page="cluster",
    ),
)

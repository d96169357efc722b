"""Completes a cluster file with parts left out: example addresses, names and hosts.

The addresses are taken from a network that none of the file's own networks touches, so that a
completed preset is judged by what it says and never by what was filled in.
"""

from __future__ import annotations

import copy
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from haui.clusterfile.networks import overlap
from haui.clusterfile.types import IPNetwork, is_address
from haui.spec import Network

_CANDIDATES = ("10.30.0.0/24", "10.130.0.0/24", "172.30.30.0/24", "192.168.30.0/24", "fd30::/64")
_VIP, _FIRST_HOST = 10, 11
_PREFIXES = {"control-plane": "cp", "load-balancer": "lb", "etcd": "et", "worker": "wk"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """How many hosts of which kind a file asks for, and what it says about each of them.

    `listed` is how many hosts the file names; 0 when it leaves the choice open.
    """

    planes: int
    balancers: int
    members: int
    listed: int
    templates: Mapping[str, Sequence[Mapping[str, Any]]]

    @staticmethod
    def of(answers: Mapping[str, Any]) -> Fleet:
        """The fleet of a file whose fields are valid."""
        hosts = answers.get("hosts", [])
        templates: dict[str, list[Mapping[str, Any]]] = {}
        for host in hosts:
            templates.setdefault(_kind(host["roles"]), []).append(host)
        endpoint = answers.get("endpoint", {})
        topology = answers.get("topology", {}).get("kind")
        dedicated = endpoint.get("placement") == "load-balancer"
        return Fleet(
            planes=len(templates.get("control-plane", ())) or (1 if topology == "single" else 3),
            balancers=len(templates.get("load-balancer", ())) or (2 if dedicated else 0),
            members=len(templates.get("etcd", ())) or (3 if topology == "external" else 0),
            listed=len(hosts),
            templates=templates,
        )

    @property
    def fixed(self) -> int:
        """How many hosts it takes before the first worker."""
        return self.planes + self.balancers + self.members

    def hosts(self, count: int) -> list[dict[str, Any]]:
        """`count` hosts without addresses: what the shape takes, and workers for the rest."""
        workers = count - self.fixed
        found = self._group("control-plane", self.planes)
        if not workers:
            for host in found:
                host["roles"] = list(dict.fromkeys([*host["roles"], "worker"]))
        found += self._group("load-balancer", self.balancers) + self._group("etcd", self.members)
        return found + self._group("worker", workers)

    def _group(self, kind: str, count: int) -> list[dict[str, Any]]:
        found = []
        templates = self.templates.get(kind, ())
        for index in range(count):
            said = templates[index] if index < len(templates) else {}
            like = said or (templates[0] if templates else {})
            host: dict[str, Any] = {
                "name": f"{_PREFIXES[kind]}{index + 1}",
                "roles": list(like.get("roles", [kind])),
            }
            if said.get("labels"):
                host["labels"] = dict(said["labels"])
            found.append(host)
        return found


def _kind(roles: Sequence[str]) -> str:
    return next((kind for kind in _PREFIXES if kind in roles), "worker")


def complete(
    answers: Mapping[str, Any], hosts: Sequence[Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """A copy of `answers` with everything that may be left out; `hosts` replaces those in it.

    The fields that are there must be valid.
    """
    data = copy.deepcopy(dict(answers))
    if hosts is not None:
        data["hosts"] = [dict(host) for host in hosts]
        data.get("endpoint", {}).pop("vip", None)
    elif not data.get("hosts"):
        fleet = Fleet.of(data)
        data["hosts"] = fleet.hosts(fleet.fixed + 2)
    name = data.setdefault("name", "example")
    endpoint = data.setdefault("endpoint", {})
    endpoint.setdefault("kind", "keepalived-haproxy")
    endpoint.setdefault("name", f"api.{name}.lan")
    network = _free_network(data)
    keepalived = endpoint["kind"].startswith("keepalived")
    if keepalived and endpoint.get("placement", "control-plane") == "control-plane":
        endpoint.setdefault("port", 8443)
    taken = {host.get("address") for host in data["hosts"]} | {endpoint.get("vip")}
    if endpoint["kind"] != "external" and endpoint.get("vip") is None:
        endpoint["vip"] = _next(network, _VIP, taken)
    names = {host.get("name") for host in data["hosts"]}
    for number, host in enumerate(data["hosts"], 1):
        if "name" not in host:
            host["name"] = next(
                name for i in range(number, number + 1000) if (name := f"host{i}") not in names
            )
            names.add(host["name"])
        if "address" not in host:
            host["address"] = _next(network, _FIRST_HOST, taken)
    return data


def _next(network: IPNetwork, start: int, taken: set[str | None]) -> str:
    """The first free address of the network from `start` on; it counts as taken afterwards."""
    number = start
    while (text := str(network.network_address + number)) in taken:
        number += 1
    taken.add(text)
    return text


def _free_network(data: Mapping[str, Any]) -> IPNetwork:
    """The network around an address that the file gives, else one that is clear of its own."""
    defaults = Network()
    said = data.get("network", {})
    own = [
        ipaddress.ip_network(said.get("pods", defaults.pods)),
        ipaddress.ip_network(said.get("services", defaults.services)),
    ]
    given = [data.get("endpoint", {}).get("vip")]
    given += [host.get("address") for host in data["hosts"]]
    for text in given:
        if isinstance(text, str) and is_address(text):
            bits = 24 if ipaddress.ip_address(text).version == 4 else 64
            return ipaddress.ip_network(f"{text}/{bits}", strict=False)
    candidates = [ipaddress.ip_network(text) for text in _CANDIDATES]
    fitting = [network for network in candidates if network.version == own[0].version]
    clear = [net for net in fitting if not any(overlap(net, mine) for mine in own)]
    return (clear or fitting)[0]

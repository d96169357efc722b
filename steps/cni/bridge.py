"""The pod network without images: the reference plugins, and static routes between the nodes.

Every node bridges its own part of the pod network; routes lead to the others' parts. It needs all
nodes in one network segment.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any

from steps.load import template

CONFLIST_PATH = "/etc/cni/net.d/10-haui-bridge.conflist"
UNIT_PATH = "/etc/systemd/system/haui-routes.service"
PLACEHOLDER = "<the node's pod CIDR>"


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeNet:
    """A node's address and the part of the pod network that the cluster gave it."""

    name: str
    address: str
    pods: str


def parse_nodes(text: str) -> tuple[NodeNet, ...]:
    """`name=address=cidr;…` as the supply script prints it. Raises ValueError for anything else."""
    nodes = []
    for part in filter(None, text.split(";")):
        name, address, pods = part.split("=")
        nodes.append(NodeNet(name=name, address=address, pods=str(ip_network(pods))))
    return tuple(nodes)


def conflist(pods: str, mtu: int | None) -> bytes:
    """The CNI configuration of the node whose part of the pod network is `pods`."""
    default = "::/0" if ":" in pods else "0.0.0.0/0"
    bridge: dict[str, Any] = {
        "type": "bridge",
        "bridge": "cni0",
        "isGateway": True,
        # The plugin's own masquerading would hide pods from pods of other nodes.
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": {
            "type": "host-local",
            "ranges": [[{"subnet": pods}]],
            "routes": [{"dst": default}],
        },
    }
    if mtu:
        bridge["mtu"] = mtu
    portmap = {"type": "portmap", "capabilities": {"portMappings": True}}
    document = {"cniVersion": "0.4.0", "name": "haui-bridge", "plugins": [bridge, portmap]}
    return (json.dumps(document, indent=2) + "\n").encode()


def routes(nodes: tuple[NodeNet, ...], host: str) -> Mapping[str, str]:
    """Pod CIDR -> address of its node, for every node but `host`, in order of names."""
    return {n.pods: n.address for n in sorted(nodes, key=lambda n: n.name) if n.name != host}


def unit(own: str, pods: str, ways: Mapping[str, str]) -> bytes:
    """The unit that sets the routes at every start, and masks pods towards the outer world."""
    text = template(
        "haui-routes.service",
        {
            "own": own,
            "pods": pods,
            "routes": ways,
            "iptables": "ip6tables" if ":" in pods else "iptables",
        },
    )
    return text.encode()

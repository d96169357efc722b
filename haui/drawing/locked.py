"""What can't be changed after the install, or only with an outage, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """A field of the cluster file by its dotted path.

    `never` means that a new cluster is needed; `hard` that it takes an outage and work by hand.
    """

    path: str
    label: str
    degree: Literal["never", "hard"]
    why: str


LOCKED = (
    Locked(
        path="topology.kind",
        label="topology",
        degree="hard",
        why="etcd holds all of the cluster; it moves to other hosts only by snapshot and restore",
    ),
    Locked(
        path="endpoint.name",
        label="endpoint name",
        degree="hard",
        why="it stands in the API's certificates and in the kubeconfig of every node and user",
    ),
    Locked(
        path="endpoint.port",
        label="endpoint port",
        degree="hard",
        why="it stands in the kubeconfig of every node and user",
    ),
    Locked(
        path="network.pods",
        label="pod network",
        degree="never",
        why="every node holds a part of it and every pod has an address in it",
    ),
    Locked(
        path="network.services",
        label="Service network",
        degree="never",
        why="every Service keeps its address, and the API's own is in its certificate",
    ),
    Locked(
        path="network.dns_domain",
        label="DNS domain",
        degree="hard",
        why="every kubelet hands it to its pods and applications have it in their settings",
    ),
    Locked(
        path="network.cni.kind",
        label="pod network's implementation",
        degree="hard",
        why="all pods lose their network while it is replaced",
    ),
    Locked(
        path="hosts.name",
        label="host names",
        degree="hard",
        why="the node's name is in its certificate: another name means leave and join again",
    ),
    Locked(
        path="hosts.address",
        label="host addresses",
        degree="hard",
        why="they are in certificates and, for control planes, in etcd's list of members",
    ),
)


def locked(path: str = "") -> tuple[Locked, ...]:
    """All of them, or those at `path` and below it: "network", "endpoint.name"."""
    return tuple(
        item for item in LOCKED if not path or f"{item.path}.".startswith(path.rstrip(".") + ".")
    )

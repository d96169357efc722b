"""Which entries of host lists mean the same machine.

The same name or the same address is the same host, and what is said later wins.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from haui.clusterfile.types import is_address

Host = Mapping[str, Any]


def combined(old: Host, new: Host) -> dict[str, Any]:
    """What both say about one host; labels and logins are joined key by key, `new` wins."""
    both = {**old, **new}
    for key in ("labels", "ssh"):
        if isinstance(old.get(key), Mapping) and isinstance(new.get(key), Mapping):
            both[key] = {**old[key], **new[key]}
    return both


class Roll:
    """Hosts in the order of their first entry, each of them once."""

    def __init__(self) -> None:
        self._hosts: list[dict[str, Any] | None] = []
        self._names: dict[str, int] = {}
        self._addresses: dict[str, int] = {}
        self._robbed: set[int] = set()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def append(self, host: Host) -> int:
        """Takes a host as it is, without looking whether it is there already."""
        self._hosts.append(dict(host))
        self._count += 1
        self._index(len(self._hosts) - 1)
        return len(self._hosts) - 1

    def put(self, new: Host) -> int:
        """Adds a host, or says more about one that is there; returns its place.

        The name decides before the address. A host whose address goes to another one keeps only
        its name; without a name it is that other host.
        """
        found = self._names.get(_name(new), self._addresses.get(_address(new)))
        if found is None:
            return self.append(new)
        old = self._hosts[found] or {}
        host = combined(old, new)
        holder = self._addresses.get(_address(host), found)
        if holder != found:
            host = self._rob(holder, host)
        for index, key in ((self._names, _name(old)), (self._addresses, _address(old))):
            index.pop(key, None)
        self._hosts[found] = host
        self._robbed.discard(found)
        self._index(found)
        return found

    def hosts(self) -> tuple[dict[str, Any], ...]:
        """All hosts, in the order in which they came."""
        return tuple(host for host in self._hosts if host is not None)

    def robbed(self) -> tuple[str, ...]:
        """The names of hosts whose address went to another one, and that got none since."""
        places = sorted(place for place in self._robbed if self._hosts[place] is not None)
        return tuple(_name(self._hosts[place] or {}) for place in places)

    def _rob(self, holder: int, host: dict[str, Any]) -> dict[str, Any]:
        other = self._hosts[holder] or {}
        if _name(other):
            self._hosts[holder] = {key: other[key] for key in other if key != "address"}
            self._robbed.add(holder)
            return host
        self._hosts[holder] = None
        self._count -= 1
        return combined(other, host)

    def _index(self, place: int) -> None:
        host = self._hosts[place] or {}
        for index, key in ((self._names, _name(host)), (self._addresses, _address(host))):
            if key:
                index.setdefault(key, place)
        if _address(host):
            self._addresses[_address(host)] = place


def _name(host: Host) -> str:
    name = host.get("name")
    return name if isinstance(name, str) else ""


def _address(host: Host) -> str:
    """The address in its usual spelling; empty when there is none, as it is when it is wrong."""
    text = host.get("address")
    if not isinstance(text, str):
        return ""
    return str(ipaddress.ip_address(text)) if is_address(text) else text

"""The addresses of one host, which of them the cluster file means, and its interface."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

from haui.evidence import Facts
from steps.checks.check import Look, skips
from steps.checks.fleet_view import IPInterface, interface_of


@dataclass(frozen=True, slots=True)
class Own:
    """One address of the host."""

    device: str
    at: IPInterface
    flags: frozenset[str]


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

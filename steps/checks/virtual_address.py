"""The virtual address, as a host sees it that may hold it."""

from __future__ import annotations

import re

from steps.checks.check import Answer, Check, Look, answer, blocks, passes, skips
from steps.checks.network import is_announced
from steps.checks.own_address import device


def _on_link(route: str) -> str:
    """The interface behind which the address is a neighbour; empty when it is none."""
    if re.search(r" via |error|unreachable", route, re.IGNORECASE):
        return ""
    found = re.search(r" dev (\S+)", route)
    return found[1] if found else ""


def _subnet(look: Look) -> Answer:
    route = look.facts.one("vip.route")
    vip = look.spec.endpoint.vip
    if not route:
        return skips("the host told no way to the virtual address (is `ip` missing?)")
    wanted = device(look)
    expected = f"{vip} in the network of {wanted or 'an interface'}"
    if route.startswith("local"):
        return passes(f"{vip} is on this host", expected)
    there = _on_link(route)
    if not there or (wanted and there != wanted):
        return blocks(
            route,
            answer("Choose an address in the network of these hosts, or another kind of endpoint.",
                   "endpoint"),
            expected,
        )  # fmt: skip
    return passes(f"{vip} is a neighbour on {there}", expected)


def _free(look: Look) -> Answer:
    route = look.facts.one("vip.route")
    vip = look.spec.endpoint.vip
    expected = "nobody, or a host of this cluster"
    if route and route.startswith("local"):
        return passes("this host has it", expected)
    holder = look.facts.one("vip.holder")
    if not route or not _on_link(route) or not holder:
        return skips("the host could not ask its neighbours for the virtual address")
    if holder == "none":
        return passes("nobody answered", expected)
    for peer, *mac in look.facts.rows("vip.peer", 2):
        if mac == [holder]:
            return passes(f"answered by {peer}", expected)
    return blocks(
        f"{vip} is answered by {holder}",
        answer("Choose a free virtual address.", "endpoint"),
        expected,
    )


CHECKS: tuple[Check, ...] = (
    Check(
        id="network.vip",
        title="Virtual address in the host's network",
        area="network",
        why="A host can only take the virtual address over in a network segment of its own.",
        look=_subnet,
        on=is_announced,
        page="endpoint",
    ),
    Check(
        id="network.vip-free",
        title="Virtual address is free",
        area="network",
        why="Two hosts with one address: clients reach the wrong one, now and then.",
        look=_free,
        on=is_announced,
        page="endpoint",
    ),
)

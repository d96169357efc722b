"""The routes of one host, and where its default route leads."""

from __future__ import annotations

import re
from ipaddress import ip_network

from steps.checks.check import Answer, Check, Look, passes, skips, tells, warns, words
from steps.checks.fleet_view import address_of, interface_of
from steps.checks.own_address import NO_ADDRESSES, NOT_HERE, Own, addresses, own
from steps.checks.sources import is_local
from steps.where import is_node


def told_routes(look: Look, here: Own) -> tuple[str, ...]:
    """The routes of the address's family, as the host has told them."""
    return look.facts.all(f"route{here.at.version}")


def _main(look: Look, here: Own) -> tuple[str, ...]:
    """The usable routes of the table main."""
    dead = re.compile(
        r" (table (?!main\b)\S+|linkdown|dead)( |$)|^(unreachable|blackhole|prohibit)"
    )
    return tuple(line for line in told_routes(look, here) if not dead.search(line))


def _default(look: Look) -> Answer:
    here = own(look)
    if here is None:
        return NOT_HERE if addresses(look) else NO_ADDRESSES
    if not told_routes(look, here):
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


DEFAULT_ROUTE = Check(
    id="network.route",
    title="Default route",
    area="network",
    why="Without a route even the addresses of Services are unreachable from the host; with "
    "two, answers may take the wrong way.",
    look=_default,
)

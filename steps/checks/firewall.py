"""What filters packets that come in, and what it would keep from the cluster."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from haui.evidence import Facts
from haui.spec import HostSpec
from steps.checks.check import (
    Answer,
    Check,
    Fix,
    Look,
    by_haui,
    command,
    passes,
    skips,
    tells,
    warns,
    words,
)
from steps.checks.firewall_rules import Filter, of_kernel, of_tool, ports_of
from steps.firewall import ANYONE, FIREWALL, Rule, let_in, opens, rules
from steps.ports import openings, span

Wants = tuple[tuple[str, ...], tuple[str, ...]]
"""What is wanted alike (the words of a rule without the source), and by whom."""


def _firewall(look: Look) -> Answer:
    rows = look.facts.all("firewall")
    found = (of_tool if rows else of_kernel)(look.facts, look.host)
    if found is None:
        if not rows and look.facts.yes("firewall.asked") is not True:
            return skips("the kernel's rules could not be listed (`nft` is missing)")
        return passes("nothing is kept out")
    missing = [rule for rule in _wanted(look, found) if not found.follows(rule)]
    if not missing:
        return passes(f"{found.name}; what this host needs is open")
    shown = ", ".join(_shown(found, missing))
    expected = f"open to those who need it: {shown}"
    if found.tool and opens(look.spec):
        text = "The install lets it in, only from the hosts that need it."
        return tells(f"{found.name} keeps out {shown}", by_haui(FIREWALL.id, text), expected)
    why = "system.firewall is keep" if found.tool else "haui does not edit an admin's own rules"
    return warns(f"{found.name} keeps out {shown}; {why}", _opening(look, found, missing), expected)


def _wanted(look: Look, found: Filter) -> tuple[Rule, ...]:
    if found.tool:
        return rules(look.spec, look.host)
    # What plain rules say of clients, and of packets that are passed on, is not known.
    return tuple(
        ("open", address, one.proto, f"{one.first}-{one.last}" if one.first else "-")
        for one in openings(look.spec, look.host)
        for address in let_in(look.spec, look.host, one)
    )


def _shown(found: Filter, missing: list[Rule]) -> Iterator[str]:
    """Each thing that is kept out, once."""
    seen: dict[str, None] = {}
    for what, source, *rest in missing:
        if what == "open" and rest[0] == "vrrp":
            seen["VRRP (IP protocol 112)"] = None
        elif what == "open":
            closed = [p for p in ports_of(rest[1]) if not found.opens(rest[0], *p, source)]
            for low, high in closed:
                seen[f"{span(low, high)}/{rest[0]}"] = None
        else:
            seen[f"packets of pods ({source if what == 'trust' else rest[0]})"] = None
    yield from seen


def _opening(look: Look, found: Filter, missing: list[Rule]) -> Fix:
    if found.tool == "firewalld" and found.zone:
        return command("Open them with firewalld.", _firewalld(found.zone, missing))
    if found.tool == "ufw":
        return command("Open them with ufw.", _ufw(look.host, missing))
    return words("Add rules that accept them from the other hosts, also after a restart.")


def _alike(missing: list[Rule]) -> list[Wants]:
    """The same ports for many hosts are one command."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for what, source, *rest in missing:
        groups.setdefault((what, *rest), []).append(source)
    return [(what, tuple(sources)) for what, sources in groups.items()]


def _firewalld(zone: str, missing: list[Rule]) -> str:
    parts = []
    pods: list[str] = []
    there = f"--zone={shlex.quote(zone)}"
    for (what, *rest), sources in _alike(missing):
        if what == "trust":
            pods += sources
        elif what == "open" and sources == (ANYONE,):
            ports = [span(*ports) for ports in _ports(rest)]
            some = " ".join(f"--add-port={port}/{rest[0]}" for port in ports)
            parts.append(f"firewall-cmd $when {there} {some}")
        elif what == "open":
            family = "ipv6" if ":" in sources[0] else "ipv4"
            rule = f"rule family={family} source address=$a"
            call = f'firewall-cmd $when {there} --add-rich-rule="{rule}'
            if rest[0] == "vrrp":
                parts.append(_each(sources, f'{call} protocol value=vrrp accept"'))
                continue
            ports = [span(*ports) for ports in _ports(rest)]
            each = f'{call} port port=$p protocol={rest[0]} accept"'
            loop = f"for p in {' '.join(ports)}; do {each} || exit 1; done"
            parts.append(_each(sources, loop))
    if pods:
        some = " ".join(f"--add-source={shlex.quote(network)}" for network in pods)
        parts.append(f"firewall-cmd $when --zone=trusted {some}")
    # Now, and after a restart; a reload would drop what others have set meanwhile.
    return f"for when in '' --permanent; do {' && '.join(parts)} || exit 1; done"


def _ports(rest: list[str]) -> list[tuple[int, int]]:
    return ports_of(rest[1])


def _ufw(host: HostSpec, missing: list[Rule]) -> str:
    parts = []
    for (what, *rest), sources in _alike(missing):
        if what == "trust":
            parts += [f"ufw {way}allow from {net}" for net in sources for way in ("", "route ")]
        elif what == "forward":
            parts.append(f"ufw route allow to {shlex.quote(rest[0])}")
        elif rest[0] == "vrrp":
            # Older ones know no VRRP.
            parts.append(_each(sources, f"ufw allow from $a to {shlex.quote(host.address)}"))
        elif sources == (ANYONE,):
            parts.append(f"ufw allow {rest[1].replace('-', ':')}/{rest[0]}")
        else:
            ports = rest[1].replace("-", ":")
            parts.append(_each(sources, f"ufw allow from $a to any port {ports} proto {rest[0]}"))
    return " && ".join(dict.fromkeys(parts))


def _each(sources: tuple[str, ...], call: str) -> str:
    some = " ".join(shlex.quote(source) for source in sources)
    return f"for a in {some}; do {call} || exit 1; done"


def opened_later(look: Look, name: str, proto: str, port: int) -> bool:
    """Whether `look.host` will be let in there by haui, and is kept out now: as far as host `name`
    has told of its firewall."""
    other = look.spec.host(name)
    found = of_tool(look.fleet.get(name, Facts()), other)
    if found is None or not found.tool or not opens(look.spec):
        return False
    return not found.opens(proto, port, port, look.host.address)


CHECKS: tuple[Check, ...] = (
    Check(
        id="network.firewall",
        title="Firewall of the host",
        area="network",
        why="What the firewall keeps out, other hosts of the cluster wait for in vain.",
        look=_firewall,
    ),
)

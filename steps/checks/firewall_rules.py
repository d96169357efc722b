"""What a host's packet filter lets in, read from the facts `firewall` of that host."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_network

from haui.clusterfile.types import IPNetwork
from haui.evidence import Facts
from haui.spec import HostSpec
from steps.firewall import ANYONE, Rule

_DROPS = re.compile(r"(counter packets \d+ bytes \d+ )?(drop|reject)( with .*)?( comment .*)?")
_LAST = re.compile(r"-A INPUT -j (DROP|REJECT)\b.*")
_NFT_PORTS = re.compile(r"(tcp|udp) dport (\{[^}]*\}|\S+) .*accept\b")
_IPT_PORTS = re.compile(r"-p (tcp|udp) .*--dports? (\S+) .*-j ACCEPT\b")
_SOURCE = re.compile(r"(?:ip6? saddr (\{[^}]*\}|\S+) (?:counter \S+ \d+ \S+ \d+ )?accept\b)"
                     r"|(?:-A INPUT -s (\S+) -j ACCEPT\b)")  # fmt: skip
_ALL = re.compile(r"-A INPUT -j ACCEPT|(counter packets \d+ bytes \d+ )?accept")


@dataclass
class Filter:
    """What a packet filter lets in. `tool` is empty for what haui does not speak with."""

    name: str
    tool: str = ""
    zone: str = ""
    forwards: bool = False
    ports: list[tuple[str, int, int, IPNetwork | None]] = field(default_factory=list)
    protocols: list[tuple[str, IPNetwork | None]] = field(default_factory=list)
    sources: list[IPNetwork] = field(default_factory=list)
    forwarded: dict[str, list[IPNetwork]] = field(default_factory=dict)

    def trusts(self, source: str) -> bool:
        """Whether it takes everything from that address or network."""
        return _covers(self.sources, source)

    def opens(self, proto: str, first: int, last: int, source: str) -> bool:
        """Whether `source` (an address, or ANYONE) gets at all these ports."""
        if proto == "vrrp":
            found: Iterable[IPNetwork | None] = (
                network for name, network in self.protocols if name in ("vrrp", "112")
            )
        else:
            found = (
                network
                for over, low, high, network in self.ports
                if over == proto and low <= first and last <= high
            )
        networks = list(found)
        if None in networks:
            return True
        if source == ANYONE:
            return False
        return self.trusts(source) or _covers([n for n in networks if n is not None], source)

    def follows(self, rule: Rule) -> bool:
        """Whether it does what a rule of steps.firewall asks for."""
        what, source, *rest = rule
        if what == "open":
            return all(self.opens(rest[0], *ports, source) for ports in ports_of(rest[1]))
        if what == "trust":
            passes_on = self.tool != "ufw" or self.forwards
            return self.trusts(source) and (passes_on or self._passes("from", source))
        if self.tool == "ufw":
            return self.forwards or self._passes("to", rest[0])
        # firewalld lets pass by itself what Services bring to pods.
        return source == ANYONE or self.trusts(source) or self._passes("from", source)

    def _passes(self, way: str, network: str) -> bool:
        return _covers(self.forwarded.get(way, []), network)

    def allow(self, text: str) -> None:
        """Take a value of the fact firewall.open."""
        words = text.split()
        if len(words) >= 2 and words[0] == "source":
            self.sources += _networks(words[1])
        elif len(words) == 3 and words[0] == "forward":
            self.forwarded.setdefault(words[1], []).extend(_networks(words[2]))
        elif words:
            kind = words.pop(0)
            name = words.pop(0) if kind == "protocol" and words else ""
            froms: list[IPNetwork] | list[None] = [None]
            if words:
                froms = _networks(words[-1]) if words[0] == "from" else []
            for network in froms:
                if name:
                    self.protocols.append((name, network))
                else:
                    ports, _, proto = kind.partition("/")
                    self.open(proto, ports, network)

    def open(self, proto: str, text: str, network: IPNetwork | None = None) -> None:
        for part in text.strip("{} ").split(","):
            low, _, high = part.strip().replace(":", "-").partition("-")
            if low.isdecimal() and (high or low).isdecimal():
                self.ports.append((proto, int(low), int(high or low), network))


def ports_of(text: str) -> list[tuple[int, int]]:
    """The ports of a rule: "2379,30000-32767"; one pair without a meaning where it has none."""
    if text == "-":
        return [(0, 0)]
    pairs = [part.partition("-") for part in text.split(",")]
    return [(int(low), int(high or low)) for low, _, high in pairs]


def of_tool(facts: Facts, host: HostSpec) -> Filter | None:
    """What the active firewalld or ufw lets in; None when there is none, or it lets in all."""
    rows = facts.all("firewall")
    if not rows:
        return None
    tool, *rest = rows[0].split()
    if tool == "firewalld":
        if rest[1:] == ["ACCEPT"]:
            return None
        zone = rest[0] if rest else ""
        found = Filter(f"firewalld (zone {zone})" if zone else tool, tool, zone)
    else:
        if rest[:1] == ["allow"]:
            return None
        found = Filter(tool, tool if tool == "ufw" else "", forwards=rest[1:2] == ["allow"])
    for text in facts.all("firewall.open"):
        found.allow(text)
    return found


def of_kernel(facts: Facts, host: HostSpec) -> Filter | None:
    """What the chains at the input hook let in; None when none of them keeps anything out."""
    six = ":" in host.address
    chains: dict[str, list[str]] = {}
    for text in facts.all("firewall.rule"):
        where, _, rule = text.partition(": ")
        if where.split(" ")[0] in ("inet", "ip6" if six else "ip"):
            chains.setdefault(where, []).append(rule)
    closed = {where: rules for where, rules in chains.items() if _closes(rules)}
    if not closed:
        return None
    found = Filter(f"nftables/iptables ({', '.join(sorted(closed))})")
    # A packet has to pass all of them; with several, the strictest is the one with least open.
    for rule in min(closed.values(), key=len):
        for ports in (_NFT_PORTS.search(rule), _IPT_PORTS.search(rule)):
            if ports is not None:
                found.open(ports[1], ports[2])
        source = _SOURCE.search(rule)
        if source is not None:
            found.sources += _networks(source[1] or source[2])
        if re.search(r"(meta l4proto|ip protocol|-p) (vrrp|112)\b.*(accept|ACCEPT)", rule):
            found.protocols.append(("vrrp", None))
    return found


def _closes(rules: list[str]) -> bool:
    """Whether a chain drops what no rule of it takes."""
    for rule in rules:
        if "policy drop" in rule or rule == "-P INPUT DROP":
            return True
        if _ALL.fullmatch(rule):
            return False
        if _DROPS.fullmatch(rule) or _LAST.fullmatch(rule):
            return True
    return False


def _networks(text: str) -> list[IPNetwork]:
    found: list[IPNetwork] = []
    for part in text.strip("{} ").split(","):
        try:
            found.append(ip_network(part.strip(), strict=False))
        except ValueError:
            continue
    return found


def _covers(networks: Iterable[IPNetwork], text: str) -> bool:
    return any(
        wanted.version == network.version and wanted.subnet_of(network)  # type: ignore[arg-type]
        for wanted in _networks(text)
        for network in networks
    )

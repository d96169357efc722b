"""What filters packets that come in, and what it would keep from the cluster."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_network

from haui.clusterfile.types import IPNetwork
from steps.checks import paths
from steps.checks.check import Answer, Check, Fix, Look, command, passes, skips, warns, words
from steps.checks.fleet_view import address_of
from steps.endpoint import has_keepalived
from steps.system import peers_of
from steps.where import is_node

_DROPS = re.compile(r"(counter packets \d+ bytes \d+ )?(drop|reject)( with .*)?( comment .*)?")
_LAST = re.compile(r"-A INPUT -j (DROP|REJECT)\b.*")
_NFT_PORTS = re.compile(r"(tcp|udp) dport (\{[^}]*\}|\S+) .*accept\b")
_IPT_PORTS = re.compile(r"-p (tcp|udp) .*--dports? (\S+) .*-j ACCEPT\b")
_SOURCE = re.compile(r"(?:ip6? saddr (\{[^}]*\}|\S+) (?:counter \S+ \d+ \S+ \d+ )?accept\b)"
                     r"|(?:-A INPUT -s (\S+) -j ACCEPT\b)")  # fmt: skip
_ALL = re.compile(r"-A INPUT -j ACCEPT|(counter packets \d+ bytes \d+ )?accept")
MOST_UFW_PORTS = 15
"""What ufw takes in one rule."""


@dataclass
class Filter:
    """What a packet filter lets in."""

    name: str
    ports: set[tuple[str, int, int]] = field(default_factory=set)
    protocols: set[str] = field(default_factory=set)
    sources: list[IPNetwork] = field(default_factory=list)

    def opens(self, proto: str, port: int) -> bool:
        return any(p == proto and low <= port <= high for p, low, high in self.ports)

    def trusts(self, addresses: Iterable[str]) -> bool:
        """Whether it takes everything from each of these addresses."""
        found = [address_of(address) for address in addresses]
        return all(
            address is not None and any(address in network for network in self.sources)
            for address in found
        )

    def allow(self, text: str) -> None:
        """Take a value of the fact firewall.open."""
        kind, _, rest = text.partition(" ")
        if kind == "protocol":
            self.protocols.add(rest)
        elif kind == "source":
            self.trust(rest)
        else:
            ports, _, proto = kind.partition("/")
            self.open(proto, ports)

    def trust(self, text: str) -> None:
        for part in text.strip("{} ").split(","):
            try:
                self.sources.append(ip_network(part.strip(), strict=False))
            except ValueError:
                continue

    def open(self, proto: str, text: str) -> None:
        for part in text.strip("{} ").split(","):
            low, _, high = part.strip().replace(":", "-").partition("-")
            if low.isdecimal() and (high or low).isdecimal():
                self.ports.add((proto, int(low), int(high or low)))


def _needed(look: Look, found: Filter) -> list[tuple[str, int]]:
    """The ports that others will need and that are closed to some of them."""
    others = [h.address for h in look.spec.hosts if h.name != look.host.name]
    if others and found.trusts(others):
        return []
    served = paths.served(look.spec, look.host)
    return [(proto, port) for proto, port in sorted(served) if not found.opens(proto, port)]


def _needs_vrrp(look: Look, found: Filter) -> bool:
    if not has_keepalived(look.spec, look.host) or found.protocols & {"vrrp", "112"}:
        return False
    return not found.trusts(peers_of(look.spec, look.host))


def _firewall(look: Look) -> Answer:
    rows = look.facts.all("firewall")
    found = _of_tool(look, rows[0]) if rows else _of_kernel(look)
    if found is None:
        if not rows and look.facts.yes("firewall.asked") is not True:
            return skips("the kernel's rules could not be listed (`nft` is missing)")
        return passes("nothing is kept out")
    closed = _needed(look, found)
    missing = [f"{port}/{proto}" for proto, port in closed]
    if _needs_vrrp(look, found):
        missing.append("VRRP (IP protocol 112)")
    pods = is_node(look.spec, look.host) and not _lets_pods(look, found, rows)
    if pods:
        missing.append(f"packets of pods ({look.spec.network.pods})")
    if not missing:
        return passes(f"{found.name}; what this host needs is open")
    return warns(
        f"{found.name} keeps out {', '.join(missing)}; haui does not open it yet",
        _opening(look, found, rows, closed, pods),
        "open to the other hosts: " + ", ".join(missing),
    )


def _of_tool(look: Look, row: str) -> Filter | None:
    tool, *rest = row.split()
    if tool == "firewalld" and rest[1:] == ["ACCEPT"]:
        return None
    if tool == "ufw" and rest[:1] == ["allow"]:
        return None
    found = Filter(f"firewalld (zone {rest[0]})" if tool == "firewalld" and rest else tool)
    for text in look.facts.all("firewall.open"):
        found.allow(text)
    return found


def _of_kernel(look: Look) -> Filter | None:
    """What the chains at the input hook let in; None when none of them keeps anything out."""
    six = ":" in look.host.address
    chains: dict[str, list[str]] = {}
    for text in look.facts.all("firewall.rule"):
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
            found.trust(source[1] or source[2])
        if re.search(r"(meta l4proto|ip protocol|-p) (vrrp|112)\b.*(accept|ACCEPT)", rule):
            found.protocols.add("vrrp")
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


def _lets_pods(look: Look, found: Filter, rows: tuple[str, ...]) -> bool:
    """Whether packets from and to pods pass; what plain rules forward is not known."""
    if not rows:
        return True
    tool, *rest = rows[0].split()
    if tool == "ufw":
        return rest[1:2] == ["allow"]
    pods = ip_network(look.spec.network.pods)
    return found.trusts((str(pods[0]), str(pods[-1])))


def _opening(
    look: Look, found: Filter, rows: tuple[str, ...], closed: list[tuple[str, int]], pods: bool
) -> Fix:
    tool, *rest = rows[0].split() if rows else [""]
    if tool == "firewalld" and rest:
        return command("Open them with firewalld.", _firewalld(look, found, rest[0], closed, pods))
    if tool == "ufw":
        return command("Open them with ufw.", _ufw(look, found, closed, pods))
    return words("Add rules that accept them from the other hosts, also after a restart.")


def _firewalld(
    look: Look, found: Filter, zone: str, closed: list[tuple[str, int]], pods: bool
) -> str:
    here = [f"--add-port={port}/{proto}" for proto, port in closed]
    if _needs_vrrp(look, found):
        here.append("--add-protocol=vrrp")
    parts = [f"firewall-cmd $when --zone={shlex.quote(zone)} {' '.join(here)}"] if here else []
    if pods:
        networks = (look.spec.network.pods, look.spec.network.services)
        sources = " ".join(f"--add-source={shlex.quote(network)}" for network in networks)
        parts.append(f"firewall-cmd $when --zone=trusted {sources}")
    # Now, and after a restart; a reload would drop what others have set meanwhile.
    return f"for when in '' --permanent; do {' && '.join(parts)} || exit 1; done"


def _ufw(look: Look, found: Filter, closed: list[tuple[str, int]], pods: bool) -> str:
    parts = []
    for proto in ("tcp", "udp"):
        numbers = [str(port) for p, port in closed if p == proto]
        for at in range(0, len(numbers), MOST_UFW_PORTS):
            some = ",".join(numbers[at : at + MOST_UFW_PORTS])
            parts.append(f"ufw allow proto {proto} to any port {some}")
    if _needs_vrrp(look, found):
        # Older ones know no VRRP.
        parts += [f"ufw allow from {shlex.quote(a)}" for a in peers_of(look.spec, look.host)]
    if pods:
        parts.append("ufw default allow routed")
    return " && ".join(parts)


CHECKS: tuple[Check, ...] = (
    Check(
        id="network.firewall",
        title="Firewall of the host",
        area="network",
        why="What the firewall keeps out, other hosts of the cluster wait for in vain.",
        look=_firewall,
    ),
)

"""What is tried between hosts: ports over TCP and UDP.

A trouble is told of the host that dials, since it is its work that would fail; what it says names
the other host, which is where it mostly is to be mended.
"""

from __future__ import annotations

from collections.abc import Sequence

from haui.evidence import Facts
from haui.spec import ClusterSpec, HostSpec
from steps.checks import reach_links, reach_outside
from steps.checks.check import (
    Answer,
    Check,
    Fix,
    Look,
    blocks,
    by_haui,
    passes,
    skips,
    tells,
    warns,
    words,
)
from steps.checks.dialled import (
    CLEAR,
    LISTEN,
    ON_THE_WAY,
    REACH,
    UNFINISHED,
    Dial,
    dials,
    holder,
    listened,
    reached,
    shown,
    state,
)
from steps.checks.firewall import opened_later
from steps.checks.paths import Path, paths, served
from steps.checks.thresholds import UDP_GOOD
from steps.firewall import FIREWALL
from steps.ports import Proto

AT_THE_LISTENER = {
    "refused": "refused while haui listens there, a firewall rejects it",
    "closed": "closed without a word while haui listens there",
    "silent": "connected, but not with haui's listener there",
}
"""What is a trouble when haui listens there."""
BY_A_FIREWALL = frozenset(("dropped", "rejected", "refused"))
"""What a firewall does at the other host."""

Trouble = tuple[Path, Dial, str]


def _listen(look: Look) -> Answer:
    facts = look.of(LISTEN)
    if not facts.complete:
        return skips("the host did not say what became of its listeners")
    if other := facts.one("taken"):
        return warns(
            f"another haui rehearses here, for the cluster {other}",
            words(
                "Ask who installs that cluster on this host. If nobody does, look again in five "
                "minutes: its listeners end by themselves."
            ),
        )
    if facts.one("listener") in (None, "none"):
        return skips(facts.one("why") or "nobody listens")
    states = [row[3] for row in facts.rows("listen", 4)]
    seen = f"listens on {states.count('listening')} of {len(states)} ports"
    if busy := states.count("busy"):
        seen += f", {busy} in use already"
    if "untried" in states:
        seen += "; not over UDP, that needs python3 on the host"
    return passes(seen)


def _tried(look: Look, proto: Proto) -> Answer:
    """Whether everything that the host has to reach over that protocol answers."""
    facts = look.of(REACH)
    if not facts.complete:
        return skips(UNFINISHED)
    if "bash" in facts.all("needs"):
        return skips("needs bash on the host")
    wanted = [path for path in paths(look.spec, look.host) if path.proto == proto]
    told = dials(facts)
    bad: list[Trouble] = []
    untried: list[Path] = []
    later: list[Path] = []
    for path in wanted:
        dial = told.get((path.name, path.proto, path.port))
        said = _trouble(look, path, dial) if dial is not None else None
        if dial is None or said is None:
            untried.append(path)
        elif (
            said
            and dial.result in BY_A_FIREWALL
            and opened_later(look, path.name, proto, path.port)
        ):
            later.append(path)
        elif said:
            bad.append((path, dial, said))
    if bad:
        seen = [f"{path.name} {path.port}/{proto} ({path.what}): {said}" for path, _, said in bad]
        ports = dict.fromkeys(f"{path.port}/{proto}" for path in wanted)
        return blocks(shown(seen), _mend(look, bad), f"{', '.join(ports)} of the others answer")
    rest = _why_untried(look, untried)
    if later:
        return _until_opened(later, len(wanted) - len(untried) - len(later), len(wanted), rest)
    if len(untried) == len(wanted):
        return skips(f"nothing could be tried; {rest}")
    seen_well = f"{len(wanted) - len(untried)} of {len(wanted)} answer"
    return passes(f"{seen_well}; not tried: {rest}" if rest else seen_well)


def _until_opened(later: Sequence[Path], good: int, wanted: int, rest: str) -> Answer:
    """Firewalls that haui opens are in the way now; whether another is behind them shows then."""
    hosts: dict[str, list[str]] = {}
    for path in later:
        hosts.setdefault(path.name, []).append(f"{path.port}/{path.proto}")
    closed = shown(f"{name}: {', '.join(ports)}" for name, ports in hosts.items())
    seen = f"{good} of {wanted} answer; closed by a firewall that haui opens: {closed}"
    text = "The install opens them. A firewall between the hosts would show only then."
    return tells(f"{seen}; not tried: {rest}" if rest else seen, by_haui(FIREWALL.id, text))


def _trouble(look: Look, path: Path, dial: Dial) -> str | None:
    """What is wrong with a dial; empty when nothing is, None when it does not tell anything."""
    if not listened(look, path.name).complete:
        # Nobody knows whether that host is up at all; if it is not, that is said of it.
        return None
    listening = state(look, path) == "listening"
    ours = dial.answer.split()[:1] == ["haui"]
    if dial.answer and (ours or listening):
        if not reached(look.spec, dial.answer, path.name):
            return f"somebody else answers at {path.address}: {dial.answer[:60]!r}"
        if path.proto == "udp" and dial.good < UDP_GOOD:
            return f"only {dial.good} of {dial.tries} datagrams came back"
        return ""
    if dial.result == "dropped" and path.proto == "udp" and not listening:
        # Whoever holds that port need not answer.
        return None
    if dial.result in ON_THE_WAY:
        return ON_THE_WAY[dial.result]
    if listening:
        return AT_THE_LISTENER.get(dial.result, "could not be dialled")
    # Somebody else has the port, or nobody can listen there; connected is connected.
    return "" if dial.result in ("open", "silent", "closed") else None


def _mend(look: Look, bad: Sequence[Trouble]) -> Fix:
    results = {dial.result for _, dial, _ in bad}
    if results <= {"absent", "unreachable"}:
        return words("Let the hosts reach each other: look at addresses, VLANs and routes.")
    if any(dial.proto == "tcp" and dial.answer for _, dial, _ in bad):
        return words(
            "Find out who has that address: a clone of the host, or a NAT or proxy in between. "
            "The hosts must reach each other by the addresses of the cluster file."
        )
    if results == {"open"}:
        return words("Find out what loses packets between the hosts.")
    if results == {"denied"}:
        return words(f"Let this host's firewall send {_ports_of(bad)}.")
    hosts: dict[str, list[Trouble]] = {}
    for one in bad:
        hosts.setdefault(one[0].name, []).append(one)
    # The same ports on many hosts are one rule.
    rules: dict[str, list[str]] = {}
    for name, ones in hosts.items():
        rules.setdefault(_ports_of(ones), []).append(name)
    each = [f"{ports} in on {', '.join(names)}" for ports, names in rules.items()]
    # A firewall that haui knows has a finding of its own, with the command that opens it.
    told = [name for name in hosts if look.fleet.get(name, Facts()).one("firewall")]
    how = f" For {', '.join(told)}, network.firewall says how." if told else ""
    return words(f"Let {'; '.join(each)}: in the firewall of the host, and in those between.{how}")


def _ports_of(bad: Sequence[Trouble]) -> str:
    return ", ".join(dict.fromkeys(f"{path.port}/{path.proto}" for path, _, _ in bad))


def _why_untried(look: Look, untried: Sequence[Path]) -> str:
    """Why some could not be tried, in few words."""
    reasons: dict[str, dict[str, None]] = {}
    for path in untried:
        reasons.setdefault(_reason(look, path), {})[path.name] = None
    return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in reasons.items())


def _reason(look: Look, path: Path) -> str:
    facts, said = listened(look, path.name), state(look, path)
    if not facts.complete:
        return "was not heard of"
    if facts.one("listener") in (None, "none"):
        return f"does not listen ({facts.one('why') or 'no reason said'})"
    if said == "busy":
        return f"{path.port}/{path.proto} is in use by {holder(look, path)}"
    if said == "absent":
        return f"does not have the address {path.address}"
    if said == "untried":
        return "UDP needs python3 there"
    return f"could not listen on {path.port}/{path.proto}"


def _left(look: Look) -> Answer:
    facts = look.of(CLEAR)
    if not facts.complete:
        return skips("the host did not say; listeners end by themselves within five minutes")
    if left := facts.all("left"):
        stop = "systemctl stop haui-probe.service; rm -rf /run/haui-probe"
        return warns(f"still there: {', '.join(left)}", Fix("Stop it.", "command", stop))
    began = look.of(LISTEN).one("listener") in ("python3", "socket-activate")
    if began and facts.yes("alive") is False:
        return warns(
            "the listeners had ended before they were taken down; what others say of this host's "
            "ports may be wrong",
            words("Look again. If it stays so: find out what ends services on this host."),
        )
    return passes("nothing is left")


def _has(proto: Proto, spec: ClusterSpec, host: HostSpec) -> bool:
    return any(path.proto == proto for path in paths(spec, host))


CHECKS: tuple[Check, ...] = (
    Check(
        id="fleet.listeners",
        title="Listeners for the rehearsal",
        area="fleet",
        why="Without a listener nobody can try whether this host's ports can be reached.",
        look=_listen,
        on=lambda spec, host: bool(served(spec, host)),
        step=LISTEN,
    ),
    Check(
        id="fleet.ports",
        title="Ports of the other hosts",
        area="fleet",
        why="A port that can not be reached stops the install where it is needed, with nothing but "
        "a timeout to say why.",
        look=lambda look: _tried(look, "tcp"),
        on=lambda spec, host: _has("tcp", spec, host),
        step=REACH,
    ),
    Check(
        id="fleet.udp",
        title="UDP of the pod network",
        area="fleet",
        why="Pods on different nodes could not talk to each other, though the nodes look ready.",
        look=lambda look: _tried(look, "udp"),
        on=lambda spec, host: _has("udp", spec, host),
        step=REACH,
    ),
    *reach_links.CHECKS,
    *reach_outside.CHECKS,
    Check(
        id="fleet.leftovers",
        title="Nothing of the rehearsal is left",
        area="fleet",
        why="A listener that stays would hold a port which the install needs.",
        look=_left,
        marker="alive",
        on=lambda spec, host: bool(served(spec, host)),
        step=CLEAR,
    ),
)

"""What the rehearsals between hosts have told: listeners, and dials to them. Reads facts only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from haui.evidence import Facts
from haui.spec import ClusterSpec
from steps.checks.check import Look
from steps.checks.paths import Path
from steps.checks.thresholds import PAIRS_SHOWN

LISTEN, REACH, CLEAR = "preflight.listen", "preflight.reach", "preflight.clear"

UNFINISHED = "the host did not come to the end of its tries"

ON_THE_WAY = {
    "dropped": "no answer, something drops it",
    "rejected": "a firewall rejects it",
    "absent": "nobody in the network answers for the address",
    "unreachable": "this host has no route there",
    "denied": "this host's own firewall forbids it",
}
"""Results that are a trouble whether anybody listens there or not."""


@dataclass(frozen=True, slots=True)
class Dial:
    """What became of dialling one port; `result` as steps/scripts/preflight_reach_lib.sh says."""

    name: str
    address: str
    proto: str
    port: int
    result: str
    answer: str = ""
    good: int = 0
    tries: int = 0


def dials(facts: Facts) -> dict[tuple[str, str, int], Dial]:
    """The dials of a host by destination, protocol and port."""
    found = []
    for name, address, port, result, answer in facts.rows("dial", 5):
        if port.isdecimal():
            found.append(Dial(name, address, "tcp", int(port), result, _said(answer)))
    for name, address, port, good, tries, result, answer in facts.rows("udp", 7):
        if port.isdecimal() and good.isdecimal() and tries.isdecimal():
            said = _said(answer)
            found.append(Dial(name, address, "udp", int(port), result, said, int(good), int(tries)))
    return {(dial.name, dial.proto, dial.port): dial for dial in found}


def _said(answer: str) -> str:
    return "" if answer == "-" else answer


def listened(look: Look, name: str) -> Facts:
    """What another host has told of its listeners."""
    reading = look.evidence.reading(LISTEN, name)
    return reading.facts if reading is not None else Facts()


def state(look: Look, path: Path) -> str:
    """What the destination says of its listener for that port; empty when nothing."""
    for proto, _, port, said in listened(look, path.name).rows("listen", 4):
        if (proto, port) == (path.proto, str(path.port)):
            return said
    return ""


def holder(look: Look, path: Path) -> str:
    """The program that holds the port at the destination, as far as is known."""
    facts = look.fleet.get(path.name, Facts())
    for proto, _, port, process, _ in facts.rows("listener", 5):
        if (proto, port) == (path.proto, str(path.port)) and process != "-":
            return process
    return "another program"


def reached(spec: ClusterSpec, answer: str, name: str) -> bool:
    """Whether the answer is that of haui's listener on host `name` of this cluster."""
    return answer.split()[:3] == ["haui", spec.name, name]


def shown(texts: Iterable[str]) -> str:
    """The first few, and how many more there are."""
    known = list(texts)
    more = len(known) - PAIRS_SHOWN
    tail = [f"and {more} more"] if more > 0 else []
    return "; ".join((*known[:PAIRS_SHOWN], *tail))

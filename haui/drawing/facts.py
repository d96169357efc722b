"""What a shape survives, what it does not, and what it takes: plain sentences and numbers.

A cluster of n etcd members goes on while a majority of them, n // 2 + 1, can talk to each other
(etcd's documentation, "failure tolerance"). API servers and balancers need one that is left.
"""

from __future__ import annotations

from dataclasses import dataclass

from haui.drawing.shape import Shape, is_dedicated

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven")


def quorum(members: int) -> int:
    """How many of `members` etcd members have to agree; 0 without members."""
    return members // 2 + 1 if members > 0 else 0


def tolerance(members: int) -> int:
    """How many of `members` etcd members may be lost at once."""
    return max(0, members - quorum(members))


@dataclass(frozen=True, slots=True, kw_only=True)
class QuorumRow:
    """One size of an etcd cluster."""

    members: int
    quorum: int
    survives: int


QUORUM_TABLE = tuple(
    QuorumRow(members=n, quorum=quorum(n), survives=tolerance(n)) for n in range(1, 8)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HostsNeeded:
    """The least hosts a choice takes, workers apart."""

    control_planes: int
    etcd: int
    balancers: int

    @property
    def count(self) -> int:
        return self.control_planes + self.etcd + self.balancers

    @property
    def text(self) -> str:
        """As in "3 hosts"."""
        return _counted(self.count, "host")

    @property
    def parts(self) -> str:
        """As in "3 control planes + 2 load balancers"."""
        parts = (
            (self.control_planes, "control plane"),
            (self.etcd, "etcd host"),
            (self.balancers, "load balancer"),
        )
        return " + ".join(_counted(count, noun) for count, noun in parts if count)


def hosts_needed(
    topology: str, endpoint: str = "", placement: str = "control-plane"
) -> HostsNeeded:
    """The least hosts for a highly available cluster of that kind, or for a single one."""
    dedicated = is_dedicated(endpoint, placement)
    return HostsNeeded(
        control_planes=1 if topology == "single" else 3,
        etcd=3 if topology == "external" else 0,
        balancers=2 if dedicated else 0,
    )


def quorum_text(shape: Shape) -> str:
    """As in "2 of 3"."""
    members = len(shape.etcd)
    return f"{quorum(members)} of {members}"


def survives(shape: Shape) -> tuple[str, ...]:
    """What may fail without the API being gone, one phrase each: "any one control plane"."""
    planes = len(shape.control_planes) - 1
    members = tolerance(len(shape.etcd))
    found = []
    if shape.topology == "external":
        found.append(_any(planes, "control plane"))
        found.append(_any(members, "etcd member"))
    else:
        found.append(_any(min(planes, members), "control plane"))
    if shape.dedicated:
        found.append(_any(len(shape.balancers) - 1, "load balancer"))
    if shape.endpoint == "external" and not shape.direct:
        found.append("what your load balancer survives")
    return tuple(phrase for phrase in found if phrase)


def falls(shape: Shape) -> tuple[str, ...]:
    """What the API does not survive, and why: "two control planes at once (etcd quorum 2 of 3)"."""
    found = [*_planes_fall(shape)]
    if shape.dedicated:
        found.append(_all(len(shape.balancers), "load balancer", "nothing reaches the API"))
    if shape.endpoint == "external" and not shape.direct:
        found.append("your load balancer: while it is down, nothing reaches the API")
    if len(shape.workers) == 1 and not shape.planes_work and not shape.workers[0].placeholder:
        found.append("the one worker: its pods have nowhere to go")
    return tuple(phrase for phrase in found if phrase)


def _planes_fall(shape: Shape) -> list[str]:
    planes, members = len(shape.control_planes), len(shape.etcd)
    lost = tolerance(members) + 1
    if shape.topology == "external":
        return [
            _all(planes, "control plane", "the API is gone until one is back"),
            f"{_word(lost)} etcd member{_s(lost)} at once (quorum {quorum_text(shape)})"
            if members
            else "",
        ]
    if planes <= 1:
        return [_all(planes, "control plane", "")]
    one = "at once " if lost > 1 else ""
    return [f"{_word(lost)} control plane{_s(lost)} {one}(etcd quorum {quorum_text(shape)})"]


def _any(count: int, noun: str) -> str:
    return f"any {_word(count)} {noun}{_s(count)}" if count > 0 else ""


def _all(count: int, noun: str, why: str) -> str:
    if count <= 0:
        return ""
    if count == 1:
        gone = "nothing reaches the API" if noun == "load balancer" else "the API is gone"
        return f"the one {noun}: {gone} until it is back"
    which = "both" if count == 2 else f"all {_word(count)}"
    return f"{which} {noun}s at once: {why}"


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{_s(count)}"


def _s(count: int) -> str:
    return "" if count == 1 else "s"


def _word(count: int) -> str:
    return _NUMBERS[count] if 0 <= count < len(_NUMBERS) else str(count)

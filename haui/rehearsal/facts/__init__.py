"""What healthy hosts tell of themselves: the readings of the preflight, without a host.

Made from the cluster file, so that every check passes. Rehearsals answer with them, and tests of
checks begin with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from haui.evidence import Evidence, Reading, facts_text
from haui.rehearsal.facts import (
    access,
    clock,
    disk,
    disks,
    fleet,
    kernel,
    kubernetes,
    network,
    ports,
    reach,
    sizes,
    supply,
    system,
)
from haui.spec import ClusterSpec, HostSpec

_OF_THE_HOST = (
    access, system, sizes, disks, kernel, kubernetes, network, clock, ports, fleet,
)  # fmt: skip

Fact = tuple[str, str]

TROUBLE: Mapping[str, object] = {"arch": "riscv64"}
"""What a host tells that no cluster can be made of."""


def told(step: str, spec: ClusterSpec, host: HostSpec, now: float = 0.0) -> tuple[Fact, ...]:
    """What a healthy host tells in that step of the preflight, asked at `now`."""
    if step == "preflight.facts":
        moment = f"{now:.6f}"
        parts = (fact for area in _OF_THE_HOST for fact in area.facts(spec, host))
        return (("clock.first", moment), *parts, ("clock.last", moment))
    if step == "preflight.supply":
        return tuple(supply.facts(spec, host))
    if step == "preflight.disk":
        return tuple(disk.facts(spec, host))
    return tuple(reach.facts(step, spec, host))


def healthy(spec: ClusterSpec, steps: Iterable[str], now: float = 1_000_000.0) -> Evidence:
    """The evidence of a fleet on which nothing is wrong."""
    evidence = Evidence()
    for step in steps:
        for host in spec.hosts:
            text = facts_text(told(step, spec, host, now))
            evidence.keep(step, host.name, Reading(text, asked=now, answered=now))
    return evidence


def changed(facts: Iterable[Fact], changes: Mapping[str, object]) -> tuple[Fact, ...]:
    """These facts with some keys told otherwise: None leaves one out, a list tells it several
    times. New keys come last."""
    kept = [fact for fact in facts if fact[0] not in changes]
    for key, value in changes.items():
        values = [] if value is None else value if isinstance(value, list) else [value]
        kept += [(key, str(one)) for one in values]
    return tuple(kept)

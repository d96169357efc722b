"""All checks of the preflight, and what the facts of a host mean. Pure.

A check never looks at a host: scripts collect facts, checks judge them. So what was found can be
saved, sent to somebody else, and judged again.
"""

from __future__ import annotations

from collections.abc import Iterable

from haui.events import Finding
from haui.evidence import Evidence
from haui.spec import ClusterSpec, HostSpec
from haui.step import Judge
from steps.checks import (
    access,
    bastion,
    clock,
    disks,
    firewall,
    fleet,
    kernel,
    kubernetes,
    names,
    network,
    network_managers,
    ports,
    reach,
    runtimes,
    sizes,
    supply,
    system,
    virtual_address,
)
from steps.checks.check import FACTS, Check, Look

CATALOGUE: tuple[Check, ...] = (
    *access.CHECKS,
    *system.CHECKS,
    *sizes.CHECKS,
    *disks.CHECKS,
    *kernel.CHECKS,
    *kubernetes.CHECKS,
    *runtimes.CHECKS,
    *network.CHECKS,
    *names.CHECKS,
    *virtual_address.CHECKS,
    *network_managers.CHECKS,
    *firewall.CHECKS,
    *clock.CHECKS,
    *ports.CHECKS,
    *supply.CHECKS,
    *fleet.CHECKS,
    *reach.CHECKS,
)

BY_ID = {check.id: check for check in (*CATALOGUE, *bastion.CHECKS)}
"""Also those of the machine that haui runs on."""


def judge(step: str) -> Judge:
    """What the checks of that step say of a host, in their order."""
    checks = tuple(check for check in CATALOGUE if check.step == step)

    def judged(spec: ClusterSpec, host: HostSpec, evidence: Evidence) -> tuple[Finding, ...]:
        return findings(checks, spec, host, evidence)

    return judged


def findings(
    checks: Iterable[Check], spec: ClusterSpec, host: HostSpec, evidence: Evidence
) -> tuple[Finding, ...]:
    """What these checks say of one host. A host that did not tell all of its facts is only told
    so: judging it by what is missing would be a list of false alarms."""
    look = Look(spec, host, evidence)
    if not look.facts.complete:
        checks = (check for check in checks if check is access.COMPLETE)
    return tuple(check.finding(look) for check in checks if check.on(spec, host))


__all__ = ["BY_ID", "CATALOGUE", "FACTS", "Check", "Look", "findings", "judge"]

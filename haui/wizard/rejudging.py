"""What holds of an earlier look when only some hosts are looked at again. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from haui.evidence import Evidence
from haui.spec import ClusterSpec
from haui.wizard.preflight import Check, HostReport, check_of_finding
from steps import preflight_reach
from steps.checks import BY_ID, findings

COMPARES = "preflight.fleet"
"""The step that judges what all hosts have said."""
BETWEEN = frozenset(step.id for step in preflight_reach.STEPS)
"""What is tried between hosts: it needs both of them at the same time."""


def for_some(before: Evidence, hosts: Collection[str]) -> Evidence:
    """What still counts when these hosts are asked again: what the others said of themselves.

    What hosts do together is over: nobody listens any more.
    """
    kept = Evidence()
    for step, readings in before.readings.items():
        for host, reading in readings.items():
            if step not in BETWEEN and host not in hosts:
                kept.keep(step, host, reading)
    return kept


def still_valid(fresh: HostReport, before: HostReport) -> HostReport:
    """The report of a host that was looked at alone. What could not be tried between hosts that way
    stays as it was: it is neither mended nor broken by that."""
    known = {check.id: check for check in before.checks}
    checks = tuple(
        known.get(check.id, check) if check.weight == "skipped" and _between(check) else check
        for check in fresh.checks
    )
    return replace(fresh, checks=checks)


def compared_again(
    spec: ClusterSpec, reports: Sequence[HostReport], evidence: Evidence
) -> tuple[HostReport, ...]:
    """The reports of hosts that were not looked at, judged again where hosts are compared: what was
    wrong with two of them may have been mended on the other."""
    return tuple(_compared(spec, report, evidence) for report in reports)


def _compared(spec: ClusterSpec, report: HostReport, evidence: Evidence) -> HostReport:
    host = next((host for host in spec.hosts if host.name == report.host), None)
    asked = [BY_ID[c.id] for c in report.checks if c.id in BY_ID and BY_ID[c.id].step == COMPARES]
    if host is None or not asked:
        return report
    found = {each.check: each for each in findings(asked, spec, host, evidence)}
    checks = tuple(
        check_of_finding(found[check.id], check.host, check.by) if check.id in found else check
        for check in report.checks
    )
    return replace(report, checks=checks)


def _between(check: Check) -> bool:
    return check.id in BY_ID and BY_ID[check.id].step in BETWEEN

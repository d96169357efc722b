"""What holds of an earlier look when only some hosts are looked at again."""

from __future__ import annotations

from haui.evidence import Evidence, Reading
from haui.wizard.preflight import HostReport, check_of_finding
from haui.wizard.rejudging import BETWEEN, COMPARES, compared_again, for_some, still_valid
from steps.checks import CATALOGUE, FACTS, findings
from tests.screens.findings import check
from tests.unit.checks import fleet
from tests.unit.specs import spec

TRIED = next(each.id for each in CATALOGUE if each.step in BETWEEN)


def test_what_the_others_said_of_themselves_still_counts() -> None:
    before = Evidence()
    for step in (FACTS, *sorted(BETWEEN)):
        for host in ("cp1", "cp2"):
            before.keep(step, host, Reading(f"{step} {host}"))
    kept = for_some(before, {"cp1"})
    assert {step: set(by_host) for step, by_host in kept.readings.items()} == {FACTS: {"cp2"}}
    assert kept.reading(FACTS, "cp2") == before.reading(FACTS, "cp2")
    kept.keep(FACTS, "cp1", Reading("new"))
    assert before.reading(FACTS, "cp1") == Reading(f"{FACTS} cp1"), "the earlier ones stay"


def test_what_takes_two_hosts_stays_when_one_is_asked() -> None:
    def report(tried: str, facts: str) -> HostReport:
        checks = (check("a", TRIED, tried), check("a", "system.os", facts))
        return HostReport(host="a", state="done", checks=checks)

    before = report("blocks", "blocks")
    assert still_valid(report("skipped", "skipped"), before) == report("blocks", "skipped")
    assert still_valid(report("ok", "ok"), before) == report("ok", "ok")


def test_hosts_are_compared_again_with_what_one_of_them_says_now() -> None:
    cluster = spec(profile="production")
    host = cluster.host("cp1")
    asked = [each for each in CATALOGUE if each.step == COMPARES]
    same = {name: {"machine-id": "4c4c4544"} for name in ("cp1", "cp2")}

    def report(evidence: Evidence) -> HostReport:
        found = findings(asked, cluster, host, evidence)
        checks = tuple(check_of_finding(each, "cp1") for each in found)
        return HostReport(host="cp1", state="done", checks=checks)

    double, mended = report(fleet(cluster, same)), report(fleet(cluster))
    assert {check.id for check in double.checks if check.weight == "blocks"}
    login = check("cp1", "ssh.login")
    before = HostReport(host="cp1", state="done", checks=(login, *double.checks))
    (after,) = compared_again(cluster, (before,), fleet(cluster))
    assert after.checks == (login, *mended.checks)
    assert not [check.id for check in after.checks if check.weight == "blocks"]

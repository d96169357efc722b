"""A preflight that can be left, begun again, and had for one host alone."""

from __future__ import annotations

from pathlib import Path

from haui.clusterfile.text import spec_sha
from haui.live.site import RehearsalSite
from haui.preset import rehearsal_spec
from haui.rehearsal.faults import parse_faults
from haui.session.job import whoami
from haui.spec import ClusterSpec
from haui.wizard.desk import Desk
from haui.wizard.drafts import DraftBook
from haui.wizard.inspection import Inspection
from haui.wizard.preflight import Check, HostReport
from haui.wizard.rejudging import COMPARES
from steps.checks import CATALOGUE


def with_overrides(spec: ClusterSpec, overrides: dict[str, str]) -> ClusterSpec:
    preflight = spec.preflight.model_copy(update={"overrides": overrides})
    return spec.model_copy(update={"preflight": preflight})


def blocking(found: Inspection) -> list[Check]:
    reports = found.reports()
    return [check for report in reports for check in report.checks if check.weight == "blocks"]


def made(folder: Path, *faults: str) -> tuple[Inspection, Desk, RehearsalSite]:
    spec: ClusterSpec = rehearsal_spec(hosts=3)
    desk = DraftBook(folder).new(rehearsal=True)
    site = RehearsalSite(
        folder / "rehearsals", speed=1000, in_process=True, faults=parse_faults(faults)
    )
    return Inspection(spec, site, desk=desk), desk, site


async def test_the_desk_learns_what_came_of_it(tmp_path: Path) -> None:
    found, desk, site = made(tmp_path, "cp2:preflight.facts:fail")
    assert (found.running, found.record, found.ended) == (False, None, False)
    assert found.look()
    assert found.running
    assert not found.look(), "one look at a time"
    await found.wait()
    assert desk.preflight is found.record
    assert found.record is not None
    assert found.record.sha == found.sha
    assert found.record.blocked == len(blocking(found)) > 0
    assert {check.host for check in blocking(found)} == {"cp2"}
    assert found.ended
    assert [report.state for report in found.reports()] == ["done"] * 3
    desk.close()
    await site.close()


async def test_one_host_again_keeps_what_is_known_of_the_others(tmp_path: Path) -> None:
    found, desk, site = made(tmp_path, "cp2:preflight.facts:fail-once")
    found.look()
    await found.wait()
    before = {report.host: report for report in found.reports()}
    assert found.record is not None
    assert found.record.blocked > 0
    assert found.look(["cp2"])
    assert found.record is None, "nothing is sure while a look goes on"
    assert desk.preflight is None
    assert found.looked_at == ("cp2",)
    await found.wait()
    after = {report.host: report for report in found.reports()}

    def own(report: HostReport) -> list[Check]:
        """What was found without a comparison with other hosts."""
        compared = {check.id for check in CATALOGUE if check.step == COMPARES}
        return [check for check in report.checks if check.id not in compared]

    assert own(after["cp1"]) == own(before["cp1"])
    assert after["cp2"] != before["cp2"]
    assert desk.preflight is not None
    assert desk.preflight.blocked == 0
    desk.close()
    await site.close()


async def test_what_is_let_pass_is_judged_without_looking_again(tmp_path: Path) -> None:
    found, desk, site = made(tmp_path, "cp2:preflight.facts:fail")
    found.look()
    await found.wait()
    live, revision = found.live, found.revision
    bad = blocking(found)
    assert all(check.overridable for check in bad)
    passed = with_overrides(found.spec, {f"{check.id}@cp2": "known" for check in bad})
    assert found.takes(passed)
    assert found.live is live, "no host was asked"
    assert found.revision != revision
    record = found.record
    assert record is not None
    assert desk.preflight is record
    assert record.sha == spec_sha(passed) == found.sha
    assert (record.blocked, record.overridden) == (0, len(bad))
    let = [check for report in found.reports() for check in report.checks if check.override]
    assert [(check.id, check.override, check.by) for check in let] == [
        (check.id, "known", whoami()) for check in bad
    ]
    assert found.takes(with_overrides(passed, {}))
    assert found.record is not None
    assert len(blocking(found)) == found.record.blocked == len(bad)
    assert not found.takes(passed.model_copy(update={"profile": "test"})), "other answers"
    assert desk.preflight is found.record
    desk.close()
    await site.close()


async def test_a_look_that_goes_on_takes_what_is_let_pass_in_the_end(tmp_path: Path) -> None:
    found, desk, site = made(tmp_path, "cp2:preflight.facts:fail")
    found.look()
    passed = {check.id: "known" for check in CATALOGUE}
    assert found.takes(with_overrides(found.spec, passed))
    assert found.record is None
    await found.wait()
    assert found.record is not None
    assert found.record.blocked == 0
    assert found.record.overridden > 0
    assert found.record.sha == spec_sha(found.spec)
    desk.close()
    await site.close()


async def test_one_host_again_is_compared_with_what_the_others_said(tmp_path: Path) -> None:
    found, desk, site = made(tmp_path)
    found.look()
    await found.wait()
    compared = [check.id for check in CATALOGUE if check.step == COMPARES]

    def weights(host: str) -> dict[str, str]:
        report = next(report for report in found.reports() if report.host == host)
        return {check.id: check.weight for check in report.checks if check.id in compared}

    before = {name: weights(name) for name in found.hosts}
    assert any(weight == "ok" for weight in before["cp2"].values())
    assert found.look(["cp2"])
    await found.wait()
    assert {name: weights(name) for name in found.hosts} == before, "nobody is missing"
    assert found.live is not None
    assert set(found.live.evidence.of("preflight.facts")) == set(found.hosts)
    assert found.record is not None
    desk.close()
    await site.close()


async def test_all_hosts_by_name_are_all_hosts(tmp_path: Path) -> None:
    found, desk, site = made(tmp_path)
    assert found.look(list(found.hosts))
    assert found.live is not None
    assert found.live.hosts is None, "so that this machine is looked at, too"
    await found.wait()
    desk.close()
    await site.close()


async def test_what_was_left_is_no_result_and_lets_the_lock_go(tmp_path: Path) -> None:
    found, desk, site = made(tmp_path)
    found.look()
    await found.leave()
    assert (found.running, found.ended, desk.preflight) == (False, False, None)
    assert found.error is not None
    assert {report.state for report in found.reports()} == {"not done"}
    assert found.look(), "it can be begun again"
    await found.wait()
    assert desk.preflight is not None
    desk.close()
    await site.close()


async def test_another_haui_that_works_on_the_cluster_is_the_error(tmp_path: Path) -> None:
    found, desk, site = made(tmp_path)
    with site.store(found.spec.name).lock("haui apply"):
        found.look()
        await found.wait()
    assert found.error is not None
    assert found.spec.name in found.error.render()
    assert desk.preflight is None
    desk.close()
    await site.close()

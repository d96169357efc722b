"""A preflight that can be left, begun again, and had for one host alone."""

from __future__ import annotations

from pathlib import Path

from haui.live.site import RehearsalSite
from haui.preset import rehearsal_spec
from haui.rehearsal.faults import parse_faults
from haui.spec import ClusterSpec
from haui.wizard.desk import Desk
from haui.wizard.drafts import DraftBook
from haui.wizard.inspection import Inspection


def made(folder: Path, *faults: str) -> tuple[Inspection, Desk, RehearsalSite]:
    spec: ClusterSpec = rehearsal_spec(hosts=3)
    desk = DraftBook(folder).new(rehearsal=True)
    site = RehearsalSite(
        folder / "rehearsals", speed=1000, in_process=True, faults=parse_faults(faults)
    )
    return Inspection(spec, site, desk=desk), desk, site


async def test_the_desk_learns_what_came_of_it(tmp_path: Path) -> None:
    found, desk, site = made(tmp_path, "cp2:preflight.host:fail")
    assert (found.running, found.record, found.ended) == (False, None, False)
    assert found.look()
    assert found.running
    assert not found.look(), "one look at a time"
    await found.wait()
    assert desk.preflight is found.record
    assert found.record is not None
    assert (found.record.sha, found.record.blocked) == (found.sha, 1)
    assert found.ended
    assert [report.state for report in found.reports()] == ["done"] * 3
    desk.close()
    await site.close()


async def test_one_host_again_keeps_what_is_known_of_the_others(tmp_path: Path) -> None:
    found, desk, site = made(tmp_path, "cp2:preflight.host:fail-once")
    found.look()
    await found.wait()
    before = {report.host: report for report in found.reports()}
    assert found.record is not None
    assert found.record.blocked == 1
    assert found.look(["cp2"])
    assert found.record is None, "nothing is sure while a look goes on"
    assert desk.preflight is None
    assert found.looked_at == ("cp2",)
    await found.wait()
    after = {report.host: report for report in found.reports()}
    assert after["cp1"] == before["cp1"]
    assert after["cp2"] != before["cp2"]
    assert desk.preflight is not None
    assert desk.preflight.blocked == 0
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

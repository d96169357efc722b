"""The real steps of a reset, rehearsed over SSH on simulated hosts that know what was undone."""

from __future__ import annotations

from pathlib import Path

from haui.live.run import LiveRun
from haui.resetting import reset_plan
from tests.rehearsal.test_live import ended, rehearsal, small


async def test_installed_reset_and_installed_again(tmp_path: Path) -> None:
    spec = small(1)
    async with rehearsal(tmp_path) as site:
        first = await ended(LiveRun("apply", spec, site))
        assert first.result is not None
        assert first.result.outcome == "ok"
        undo = await ended(LiveRun("reset", spec, site, etcd_data="remove"))
        assert undo.error is None
        assert undo.result is not None
        assert undo.result.outcome == "ok", undo.result.failed
        assert undo.result.changed == len(reset_plan(spec).tasks)
        assert undo.store.read_state().gone
        again = await ended(LiveRun("apply", spec, site))
        assert again.result is not None
        assert again.result.outcome == "ok"
        assert again.result.changed == first.result.changed


async def test_a_reset_that_was_left_goes_on_where_it_was(tmp_path: Path) -> None:
    spec = small(1)
    async with rehearsal(tmp_path, "wk1:reset.files:fail-once") as site:
        await ended(LiveRun("apply", spec, site))
        left = await ended(LiveRun("reset", spec, site))
        assert left.result is not None
        assert [failed.host for failed in left.result.failed] == ["wk1"]
        assert left.store.read_state().word == "reset unfinished"
        follow = LiveRun("reset", spec, site)
        assert follow.state.settled_count == left.state.settled_count
        await ended(follow)
        assert follow.store.read_state().gone
        assert follow.store.read_state().run == left.state.run

"""What goes wrong on the way, and still ends well: failures, leaving, kills."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from haui.execution.tally import RunResult
from haui.record.store import ClusterStore
from screens.quit import QuitDialog
from tests.screens.test_leaving import running_app
from tests.screens.tour import Ground, Tour, assert_finished, empty_rehearsal, tour
from tests.screens.tour_child import HALF_TYPED, answer_small

SPEED, SLOW = 120.0, ("*:*:slow",)
"""Hosts at which a run lasts long enough to be left."""


async def failure_of(t: Tour, host: str) -> None:
    """Wait until that host's failure is open, and nothing else goes on."""
    await t.until(lambda: t.live.undecided, "a failure")
    await t.until(lambda: t.quiet, "nothing else that runs")
    if not t.failure_open:
        await t.press("F")
    await t.until(lambda: t.failure_open, "the failure", 20)
    assert t.live.undecided[0].host == host
    assert host in t.text()


async def test_a_failed_step_is_tried_again(tmp_path: Path) -> None:
    """`r` on the failure; the step succeeds, and the cluster is whole."""
    ground = Ground(folder=tmp_path, faults=("wk1:workers.join:fail-once",))
    async with empty_rehearsal(ground) as t:
        await answer_small(t)
        spec = await t.start()
        await failure_of(t, "wk1")
        await t.press("r")
        await t.finished()
    assert_finished(ground, spec)
    task = ground.store("atlas").read_state().task("wk1", "workers.join")
    assert (task.done, task.attempt) == (True, 2)


@pytest.mark.thorough
async def test_a_worker_is_left_out_and_taken_up_later(tmp_path: Path) -> None:
    """`s` on the failure, and the result says so; `r` there takes the worker up again."""
    ground = Ground(folder=tmp_path, faults=("wk2:workers.join:fail-once",))
    async with empty_rehearsal(ground) as t:
        await answer_small(t)
        spec = await t.start()
        await failure_of(t, "wk2")
        await t.press("s")
        await t.see("Ask")
        await t.press("s")
        await t.finished("failed")
        assert_finished(ground, spec, without=["wk2"])
        assert "wk2" in t.text()
        before = t.live
        await t.press("r")
        await t.until(lambda: t.live is not before, "another run")
        await t.finished()
    assert_finished(ground, spec)
    assert ground.store("atlas").read_state().sessions == 2


@pytest.mark.thorough
async def test_the_four_ways_to_leave_a_run(tmp_path: Path) -> None:
    """Watch, leave, drain, stop: nothing is lost by any, and at last the cluster stands."""
    ground = Ground(folder=tmp_path, speed=SPEED, faults=SLOW)
    async with empty_rehearsal(ground) as t:
        await answer_small(t)
        spec = await t.start()
        await t.until(lambda: t.live.state.settled_count > 2, "a run under way")
        await leave(t, "w")
        await t.see("ExecuteScreen")
        assert not t.live.controls.stopping
        await leave(t, "l")
        await t.gone()
    assert (t.app.return_value, t.live.result) == (130, None)
    assert "what runs on the hosts goes on" in t.app.way_out.farewell
    for key in ("f", "s"):
        async with tour(ground) as t:
            await t.pick("rehearsal:atlas")
            await t.see("ExecuteScreen")
            settled = t.live.state.settled_count
            await t.until(lambda: not t.quiet, "a run under way")
            await leave(t, key)
            await t.gone()
        assert t.app.return_value == 130
        assert t.live.result is not None
        assert t.live.result.outcome == "cancelled"
        assert t.live.state.settled_count >= settled
        assert ground.store("atlas").owner() is None
    async with tour(replace(ground, speed=0, faults=())) as t:
        await t.pick("rehearsal:atlas")
        await t.see("ExecuteScreen")
        await t.finished()
        await t.press("ctrl+q")
        await t.gone()
    assert t.app.return_value == 0
    assert t.app.way_out.farewell == "atlas is up."
    assert_finished(ground, spec)
    assert ground.store("atlas").read_state().sessions == 4


async def test_a_run_that_ends_while_haui_asks_is_a_finished_one(
    world_of: Callable[..., Any],
) -> None:
    """The question is left open until all is done: then leaving is no interruption."""
    app, live = running_app(world_of)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+q")
        assert isinstance(app.screen, QuitDialog)
        live.end()
        live.result = RunResult(outcome="ok", seconds=1, counts={}, changed=0, left=0, failed=())
        await pilot.press("l")
        await pilot.pause()
    assert (app.return_value, app.way_out.farewell) == (0, "atlas is up.")
    assert not live.left


async def leave(t: Tour, key: str) -> None:
    """Ask to leave while something runs, and answer."""
    await t.press("ctrl+q")
    await t.until(lambda: isinstance(t.screen, QuitDialog), "the question", 20)
    await t.press(key)


async def test_a_killed_install_is_resumed_from_the_welcome_page(tmp_path: Path) -> None:
    """SIGKILL in the middle: what was proved is not done again, and the end is the same."""
    killed(tmp_path, "install")
    ground = Ground(folder=tmp_path)
    store = ground.store("atlas")
    before, proved = records(store), store.read_state().settled()
    assert store.read_state().open_attempts(), "nothing was being changed"
    assert proved
    async with tour(ground) as t:
        assert "Resume" in t.text()
        await t.pick("rehearsal:atlas")
        await t.see("ExecuteScreen")
        await t.finished()
        spec = t.live.spec
    assert_finished(ground, spec)
    changed = intents(records(store)[len(before) :])
    assert changed
    assert not proved & {*changed}, "done again though it was proved"
    assert ground.store("atlas").read_state().sessions == 2


@pytest.mark.thorough
async def test_a_killed_wizard_goes_on_where_it_was(tmp_path: Path) -> None:
    """SIGKILL between two keys: page, answers and the wrong answer are there, and it says why."""
    killed(tmp_path, "wizard")
    ground = Ground(folder=tmp_path)
    async with tour(ground) as t:
        (entry,) = t.app.world.drafts.list()
        assert not entry.busy
        await t.pick(f"draft:{entry.id}")
        await t.on_page("endpoint")
        field = await t.focus_field("endpoint.vip")
        assert (field.value, t.desk.draft.page) == (HALF_TYPED["endpoint.vip"], "endpoint")
        assert t.desk.value(("endpoint", "kind")) == "keepalived-nginx"
        assert t.desk.value(("endpoint", "name")) == HALF_TYPED["endpoint.name"]
        await t.press("ctrl+n")
        await t.until(lambda: field.has_class("-wrong"), "what is wrong", 20)
        await t.fill("endpoint.vip", "10.30.0.99")
        await t.next("hosts")
        await t.go("topology")
        assert (await t.focus_field("name")).value == HALF_TYPED["name"]


def killed(folder: Path, where: str) -> None:
    """A haui in a process of its own, killed there."""
    argv = [sys.executable, "-m", "tests.screens.tour_child", str(folder), where]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr[-3000:]


def records(store: ClusterStore) -> Sequence[dict[str, str]]:
    """The journal, record by record."""
    lines = store.journal_path.read_text("utf-8").splitlines()
    return [json.loads(line.removeprefix("- ")) for line in lines if line.startswith("- {")]


def intents(found: Sequence[dict[str, str]]) -> list[str]:
    """The tasks that were begun to be changed."""
    return [f"{r['step']}@{r['host']}" for r in found if r["event"] == "task_intent"]

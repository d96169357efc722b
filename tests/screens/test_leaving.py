"""Leaving: at once when nothing runs, with four ways when something does, and by signal."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from typing import Any

import pytest

from haui.app import HauiApp
from haui.execution.controls import Controls
from haui.execution.tally import RunResult
from haui.record.state import RunState, TaskView
from screens.quit import LEAVINGS, QuitDialog
from screens.wayout import Unsaved
from tests.screens.conftest import AppSnapshot, settle
from tests.screens.demo import DEMO
from tests.screens.worlds import HOSTILE, make_app

WorldOf = Callable[..., Any]


class _Spec:
    name = "atlas"


class _Site:
    rehearsal = False


class RunningInstall:
    """A live run that goes on until it is stopped."""

    installs = True
    on_record = True
    watch_only = False
    started = True
    error = None

    def __init__(self) -> None:
        self.spec = _Spec()
        self.site = _Site()
        self.controls = Controls()
        self.ended = False
        self.left = False
        self.result: RunResult | None = None
        tasks = {"cp-2": {"control_plane.join": TaskView(status="running", title=HOSTILE[0])}}
        self.state = RunState(tasks=tasks)
        self._over = asyncio.Event()

    def end(self) -> None:
        self.ended = True
        self.result = RunResult(
            outcome="cancelled", seconds=1, counts={}, changed=0, left=3, failed=()
        )
        self._over.set()

    async def wait(self) -> None:
        await self._over.wait()

    async def leave(self) -> None:
        self.left = True


def running_app(world_of: WorldOf) -> tuple[HauiApp, RunningInstall]:
    world = world_of(answers={"name": "atlas"}, page="endpoint")
    world.live = RunningInstall()
    return make_app(world, routes=DEMO), world.live


async def test_idle_quits_at_once_and_says_where_the_answers_are(world_of: WorldOf) -> None:
    """No question when nothing can be lost."""
    world = world_of(answers={"name": "atlas"}, page="endpoint")
    app = make_app(world, routes=DEMO)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+q")
    assert app.return_value == 0
    assert str(world.drafts.folder) in app.way_out.farewell
    world.drafts.open(world.drafts.list()[0].id).close()


async def test_unsaved_answers_are_not_lost_silently(world_of: WorldOf) -> None:
    """With a full disk, quitting asks first."""
    world = world_of(answers={"name": "atlas"}, page="endpoint")
    world.desk.save_trouble = "the draft can't be saved: No space left on device"
    app = make_app(world, routes=DEMO)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+q")
        await settle(pilot)
        assert isinstance(app.screen, Unsaved)
        await pilot.press("enter")
        await settle(pilot)
        assert app.screen.id != "quit"
        await pilot.press("ctrl+q")
        await settle(pilot)
        await pilot.press("right", "enter")
    assert app.return_value == 0


async def test_quit_dialog_looks(world_of: WorldOf, app_snapshot: AppSnapshot) -> None:
    """The four ways and what runs; keep watching is the first."""
    app, live = running_app(world_of)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+q")
        assert await app_snapshot(pilot, "quit")
        await pilot.press("ctrl+q")
        await settle(pilot)
        assert isinstance(app.screen, QuitDialog)
        await pilot.press("enter")
        await settle(pilot)
        assert not isinstance(app.screen, QuitDialog)
        assert not live.controls.stopping


@pytest.mark.parametrize(("key", "level"), [("f", "stop"), ("s", "stop-now")])
async def test_stopping_leaves_when_the_run_has_ended(
    key: str, level: str, world_of: WorldOf
) -> None:
    """The app stays until the last step is through, and exits with 130."""
    app, live = running_app(world_of)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+q", key)
        await settle(pilot)
        assert live.controls.level == level
        assert app.is_running
        live.end()
        await pilot.pause()
    assert app.return_value == 130
    assert app.way_out.farewell.endswith("haui resume atlas")


async def test_leaving_lets_the_hosts_go_on(world_of: WorldOf) -> None:
    """The run is left, not stopped."""
    app, live = running_app(world_of)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+q", "l")
        await settle(pilot)
    assert live.left
    assert not live.controls.stopping
    assert app.return_value == 130
    assert "haui resume atlas" in app.way_out.farewell


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
@pytest.mark.parametrize("running", [False, True])
async def test_signals_leave_in_good_order(
    number: signal.Signals, code: int, running: bool, world_of: WorldOf
) -> None:
    """A lost terminal or a polite kill: the run is left, the answers are saved."""
    app, live = running_app(world_of)
    live.started = running
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        os.kill(os.getpid(), number)
        await asyncio.sleep(0)
        await pilot.pause()
    assert app.return_value == code
    assert live.left is running


def test_each_way_has_a_key_of_its_own() -> None:
    """The harmless way is first; the keys differ."""
    from screens.quit import WAYS

    assert tuple(way.id for way in WAYS) == LEAVINGS
    assert len({way.key for way in WAYS}) == len(WAYS)


async def test_a_bug_ends_without_a_traceback(
    world_of: WorldOf, capfd: pytest.CaptureFixture[str]
) -> None:
    """The error is kept for the caller, and nothing is printed."""
    app = make_app(world_of(page="topology"), routes=DEMO)
    with pytest.raises(ZeroDivisionError):
        async with app.run_test(size=(80, 24)) as pilot:
            app.call_later(lambda: 1 // 0)
            await pilot.pause()
    assert isinstance(app.crash, ZeroDivisionError)
    assert app.return_code == 1
    assert "Traceback" not in "".join(capfd.readouterr())

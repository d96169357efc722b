"""Resetting a cluster from the welcome page, driven by keys over a rehearsal."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.widgets import Input, Static

from haui.record.state import RunState
from screens import runs
from screens.execute import ExecuteScreen
from screens.reset import ResetDialog
from screens.result import ResultScreen
from screens.welcome import WelcomeScreen
from screens.widgets.entries import EntryList
from steps import reset
from tests.screens.conftest import settle
from tests.screens.test_result import rehearsed
from tests.screens.test_welcome import go_to, ready, rows_of, running, story_of
from tests.screens.welcome_worlds import install
from tests.screens.worlds import make_app
from tests.unit.resets import undoing

WorldOf = Callable[..., Any]


@pytest.fixture(autouse=True)
def _synthetic(monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps whose ids are known here; simulated hosts run no script."""
    from steps.load import body

    monkeypatch.setattr(reset, "CATALOGUE", undoing())
    known = lambda name: "# synthetic\n" if name.startswith("reset.") else body(name)  # noqa: E731
    monkeypatch.setattr("haui.session.perform.body", known)


async def test_a_cluster_is_installed_reset_and_installed_again(world_of: WorldOf) -> None:
    """The name has to be typed; the pages tell a reset; the hosts are as new afterwards."""
    world = rehearsed(world_of)
    app = make_app(world, "topology")
    async with app.run_test(size=(120, 40)) as pilot:
        live = runs.begin_install(world)
        await live.wait()
        await world.concluding
        await app._show("welcome")
        screen = await ready(pilot)
        await go_to(pilot, "atlas")
        await pilot.press("x")
        await settle(pilot)
        dialog = app.screen
        assert isinstance(dialog, ResetDialog)
        lost = "\n".join(str(each.content) for each in dialog.query(".loss").results(Static))
        assert "every object of the cluster, for good" in lost
        await pilot.press(*"atla", "enter")
        await settle(pilot)
        assert app.screen is dialog
        assert "not the name" in str(dialog.query_one("#wrong", Static).content)
        assert world.live is live, "nothing was begun"
        await pilot.press("s", "enter")
        await settle(pilot)
        undone = world.live
        assert undone.kind == "reset"
        assert undone.etcd_data == "remove"
        await undone.wait()
        await world.concluding
        await settle(pilot)
        state: RunState = undone.store.read_state()
        assert state.gone
        if isinstance(app.screen, ExecuteScreen):
            await pilot.press("enter")
            await settle(pilot)
        assert isinstance(app.screen, ResultScreen)
        text = app.export_screenshot()
        assert "atlas&#160;is&#160;gone" in text
        assert not undone.store.admin_conf.exists()
        await app._show("welcome")
        screen = await ready(pilot)
        assert "reset" in rows_of(screen)["atlas"]
        await go_to(pilot, "atlas")
        assert "its hosts are as they were before" in story_of(screen)
        assert not screen.check_action("reset", ())
        assert not screen.check_action("verify", ())


async def test_escape_resets_nothing(world_of: WorldOf) -> None:
    world = world_of()
    install(world.root, "edge", minutes=61)
    async with running(world) as pilot:
        await ready(pilot)
        await go_to(pilot, "edge")
        await pilot.press("x")
        await settle(pilot)
        assert isinstance(pilot.app.screen, ResetDialog)
        assert pilot.app.screen.query_one(Input).has_focus
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(pilot.app.screen, WelcomeScreen)
        assert world.live is None


async def test_only_what_was_begun_can_be_reset(world_of: WorldOf) -> None:
    world = world_of()
    install(world.root, "atlas", done=10, minutes=14, outcome="cancelled")
    async with running(world) as pilot:
        screen = await ready(pilot)
        await go_to(pilot, "atlas")
        assert screen.check_action("reset", ())
        await pilot.press("end")
        await settle(pilot)
        assert screen.query_one(EntryList).current
        assert not screen.check_action("reset", ())

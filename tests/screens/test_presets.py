"""Choosing a preset and making one: by keys, with what is wrong told, and nothing lost unasked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from haui.preset import check, load_preset, rehearsal_answers
from screens.dialog import Ask
from screens.export import ExportDialog
from screens.messages import ShowScreen
from screens.presets import PresetsScreen
from screens.topology import TopologyPage
from screens.widgets.controls import YesNo
from screens.widgets.entries import EntryList
from screens.widgets.helpline import HelpLine
from tests.screens.conftest import AppSnapshot, settle
from tests.screens.welcome_worlds import presets
from tests.screens.worlds import complete_answers, make_app

WorldOf = Callable[..., Any]
SIZES = [(80, 24), (120, 40), (200, 60)]


async def to_preset(pilot: Pilot[int], name: str) -> None:
    """Put the cursor on the preset of that name."""
    entries = pilot.app.screen.query_one(EntryList)
    entries.select(next(row.id for row in entries.rows if row.name == name))
    await settle(pilot)


@pytest.mark.parametrize("size", SIZES)
async def test_chooser_looks(
    size: tuple[int, int], world_of: WorldOf, app_snapshot: AppSnapshot
) -> None:
    """Built in and own presets, drawn and as written."""
    world = world_of()
    presets(world.presets_folder)
    async with make_app(world, "presets").run_test(size=size) as pilot:
        await pilot.press("down", "down")
        assert await app_snapshot(pilot, "x".join(map(str, size)))


async def test_a_preset_begins_a_cluster(world_of: WorldOf) -> None:
    world = world_of()
    async with make_app(world, "presets").run_test() as pilot:
        await settle(pilot)
        await to_preset(pilot, "stacked-3-kube-vip")
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, TopologyPage)
        assert world.desk.answers == load_preset("stacked-3-kube-vip").answers


async def test_a_rehearsal_has_all_its_answers(world_of: WorldOf) -> None:
    """On as many hosts as are asked for; a number that is none is refused."""
    world = world_of()
    app = make_app(world, "presets", argument="rehearse")
    async with app.run_test() as pilot:
        await settle(pilot)
        await to_preset(pilot, "single")
        await pilot.press("tab", "2", "enter")
        await settle(pilot)
        assert isinstance(app.screen, PresetsScreen)
        await pilot.press("backspace", "4", "enter")
        await settle(pilot)
        assert world.desk.rehearsal
        assert world.desk.answers == rehearsal_answers("single", 4)
        assert world.desk.problems() == ()


async def test_a_broken_preset_is_told_and_not_taken(world_of: WorldOf) -> None:
    world = world_of()
    presets(world.presets_folder)
    async with make_app(world, "presets").run_test() as pilot:
        await settle(pilot)
        await to_preset(pilot, "broken")
        await pilot.press("enter")
        await settle(pilot)
        message = pilot.app.screen.query_one(HelpLine).message
        assert message is not None
        assert "broken.yaml:" in message.plain
        await pilot.press("d")
        assert isinstance(pilot.app.screen, Ask)
        await pilot.press("d")
        await settle(pilot)
        assert not (world.presets_folder / "broken.yaml").exists()


async def export(pilot: Pilot[int], name: str, *, addresses: bool) -> None:
    """Make a preset of the answers on the desk."""
    pilot.app.screen.post_message(ShowScreen("export", over=True))
    await settle(pilot)
    window = pilot.app.screen
    assert isinstance(window, ExportDialog)
    window.query_one("#name", Input).value = name
    if addresses:
        window.query_one(YesNo).action_put(True)
    await settle(pilot)
    await pilot.press("ctrl+s")
    await settle(pilot)


async def test_export_and_back_gives_equal_answers(world_of: WorldOf) -> None:
    """With addresses everything comes back; a name that is taken is asked about."""
    world = world_of(answers=complete_answers(), page="topology")
    async with make_app(world).run_test(size=(100, 30)) as pilot:
        await settle(pilot)
        await export(pilot, "mine", addresses=True)
        assert isinstance(pilot.app.screen, TopologyPage)
        text = (world.presets_folder / "mine.yaml").read_text()
        assert {**check(text), "format": ""} == {**world.desk.answers, "format": ""}
        await export(pilot, "mine", addresses=False)
        assert isinstance(pilot.app.screen, Ask)
        await pilot.press("k")
        await settle(pilot)
        assert (world.presets_folder / "mine.yaml").read_text() == text


@pytest.mark.parametrize("size", SIZES[:2])
async def test_export_looks(
    size: tuple[int, int], world_of: WorldOf, app_snapshot: AppSnapshot
) -> None:
    world = world_of(answers=complete_answers(), page="topology")
    world.presets_folder = Path("/etc/haui/presets")
    async with make_app(world).run_test(size=size) as pilot:
        pilot.app.screen.post_message(ShowScreen("export", over=True))
        assert await app_snapshot(pilot, "x".join(map(str, size)))

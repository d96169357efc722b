"""The pages that are forms: empty, filled, invalid, and how the drawing follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from haui.wizard.pages import PageId
from screens.page import DrawingDialog
from screens.widgets.drawing import DrawingPane
from tests.screens.conftest import AppSnapshot, settle
from tests.screens.worlds import complete_answers, make_app

PAGES: tuple[PageId, ...] = ("topology", "endpoint", "cluster")
SIZES = ((80, 24), (120, 40))
WRONG: dict[str, dict[str, Any]] = {
    "topology": {"name": "Atlas!"},
    "endpoint": {
        "endpoint": {"kind": "kube-vip", "mode": "bgp", "vip": "10.0.0.999", "port": "x"},
    },
    "cluster": {
        "kubernetes": {"version": "v1"},
        "network": {"pods": "10.60.0.1/16", "cni": {"mtu": 1}},
    },
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("size", SIZES)
async def test_a_page_without_answers(
    world_of: Callable[..., Any], app_snapshot: AppSnapshot, page: PageId, size: tuple[int, int]
) -> None:
    """Nothing is answered yet: defaults and examples as placeholders, a drawing of placeholders."""
    app = make_app(world_of(answers={}, page=page))
    async with app.run_test(size=size) as pilot:
        assert await app_snapshot(pilot, f"{page}-{size[0]}x{size[1]}")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("size", SIZES)
async def test_a_page_with_answers(
    world_of: Callable[..., Any], app_snapshot: AppSnapshot, page: PageId, size: tuple[int, int]
) -> None:
    """A complete cluster of the default preset."""
    app = make_app(world_of(answers=complete_answers(), page=page))
    async with app.run_test(size=size) as pilot:
        assert await app_snapshot(pilot, f"{page}-{size[0]}x{size[1]}")


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("size", SIZES)
async def test_a_page_with_wrong_answers(
    world_of: Callable[..., Any], app_snapshot: AppSnapshot, page: PageId, size: tuple[int, int]
) -> None:
    """Next was pressed: each wrong answer has its rule and an example beneath it."""
    world = world_of(answers={**complete_answers(), **WRONG[page]}, page=page)
    app = make_app(world)
    async with app.run_test(size=size) as pilot:
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert world.desk.draft.page == page
        assert await app_snapshot(pilot, f"{page}-{size[0]}x{size[1]}")


async def test_the_drawing_shows_a_choice_before_it_is_taken(world_of: Callable[..., Any]) -> None:
    world = world_of(answers=complete_answers(), page="topology")
    app = make_app(world)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = app.screen.query_one(DrawingPane)
        await pilot.press("down", "down")
        await settle(pilot)
        assert pane.considered is not None
        assert pane.considered["topology"]["kind"] == "external"
        assert world.desk.value(("topology", "kind")) != "external"
        await pilot.press("tab")
        await settle(pilot)
        assert pane.considered is None


async def test_a_choice_that_is_taken_is_drawn_as_it_is(world_of: Callable[..., Any]) -> None:
    world = world_of(answers=complete_answers(), page="topology")
    app = make_app(world)
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("down", "down", "enter")
        await settle(pilot)
        assert world.desk.value(("topology", "kind")) == "external"
        assert app.screen.query_one(DrawingPane).considered is None


async def test_the_drawing_has_a_window_where_there_is_no_room_beside(
    world_of: Callable[..., Any],
) -> None:
    app = make_app(world_of(answers=complete_answers(), page="endpoint"))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("f3")
        await settle(pilot)
        assert isinstance(app.screen, DrawingDialog)
        assert "quorum" in app.export_screenshot()
        await pilot.press("escape")
        await settle(pilot)
        assert not isinstance(app.screen, DrawingDialog)


async def test_a_question_comes_and_goes_with_the_answer_that_asks_for_it(
    world_of: Callable[..., Any],
) -> None:
    """BGP is only asked about with kube-vip; the answers stay when it is not."""
    world = world_of(answers=complete_answers(), page="endpoint")
    app = make_app(world)
    async with app.run_test(size=(120, 40)) as pilot:
        world.desk.answer(("endpoint", "kind"), "kube-vip")
        world.desk.answer(("endpoint", "mode"), "bgp")
        world.desk.answer(("endpoint", "bgp"), {"asn": 65010})
        await settle(pilot)
        assert app.screen.query("#field-endpoint-bgp-asn")
        world.desk.answer(("endpoint", "kind"), "external")
        await settle(pilot)
        assert not app.screen.query("#field-endpoint-bgp-asn")
        assert world.desk.value(("endpoint", "bgp", "asn")) == 65010

"""Every key of the page of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from screens.actions import REGISTRY
from screens.dialog import Ask
from screens.execute import ExecuteScreen
from screens.log_screen import LogScreen
from screens.widgets.host_pane import HostPane
from screens.widgets.log_view import LogView
from screens.widgets.runline import RunLine
from tests.screens.conftest import settle
from tests.screens.fake_live import complete
from tests.screens.scenes import run_page

WIDE = (120, 40)


async def test_arrows_move_among_tiles(tmp_path: Path) -> None:
    """Four tiles side by side: down goes a row, right a tile; the log follows."""
    async with run_page(tmp_path, 20, WIDE) as stage:
        await stage.press("right")
        assert stage.page.selected == "cp-2"
        await stage.press("down")
        assert stage.page.selected == "wk-3"
        await stage.press("k", "left")
        assert stage.page.selected == "cp-1"
        await stage.press("up", "left")
        assert stage.page.selected == "cp-1"
        await stage.press("end")
        assert stage.page.selected == "wk-17"
        assert stage.page.log_view.host == "wk-17"
        await stage.press("home")
        assert stage.page.selected == "cp-1"


async def test_pages_move_through_the_table(tmp_path: Path) -> None:
    async with run_page(tmp_path, 100) as stage:
        order = stage.page.table.order
        await stage.press("pagedown")
        at = order.index(stage.page.selected)
        assert at > 3
        await stage.press("pagedown", "pageup")
        assert order.index(stage.page.selected) == at
        await stage.press("end")
        assert stage.page.selected == order[-1]
        row, _ = stage.page.table.place(order[-1])
        top = stage.page.table.scroll_offset.y
        assert top <= row < top + stage.page.table.size.height


async def test_a_click_selects_a_host(tmp_path: Path) -> None:
    async with run_page(tmp_path, 20, WIDE) as stage:
        await stage.pilot.click("HostTiles", offset=(40, 1))
        assert stage.page.selected == "cp-2"
    async with run_page(tmp_path, 100) as stage:
        await stage.pilot.click("HostTable", offset=(10, 3))
        assert stage.page.selected == stage.page.table.order[2]


async def test_v_shows_tiles_or_a_table(tmp_path: Path) -> None:
    async with run_page(tmp_path, 20, WIDE) as stage:
        assert stage.page.tiles.display
        await stage.press("v")
        assert stage.page.table.display and not stage.page.tiles.display
        assert isinstance(stage.page.focused, HostPane)
        await stage.press("v")
        assert stage.page.tiles.display


async def test_o_changes_the_order_of_the_table(tmp_path: Path) -> None:
    async with run_page(tmp_path, 100, WIDE) as stage:
        seen = [stage.page.order]
        for _ in range(4):
            await stage.press("o")
            seen.append(stage.page.order)
        assert seen == ["state", "name", "role", "progress", "time"]
        await stage.press("o")
        assert stage.page.order == "state"
    async with run_page(tmp_path, 3) as stage:
        await stage.press("o")
        assert "v shows a table" in stage.said()


async def test_slash_filters_by_name_role_and_state(tmp_path: Path) -> None:
    async with run_page(tmp_path, 100, WIDE) as stage:
        await stage.press("slash", *"control", "enter")
        assert stage.page.table.order == ["cp-1", "cp-2", "cp-3"]
        await stage.press("slash", *["backspace"] * 7, *"waiting", "enter")
        assert {stage.page.views[n].status for n in stage.page.table.order} == {"waiting"}
        assert stage.page.selected in stage.page.table.order
        await stage.press("escape")
        assert len(stage.page.table.order) == 100


async def test_a_filter_that_finds_nothing_says_so(tmp_path: Path) -> None:
    async with run_page(tmp_path, 100, WIDE) as stage:
        await stage.press("slash", *"zzz", "enter", "j", "k", "home", "end", "pagedown")
        assert stage.page.table.order == []
        await stage.press("escape")
        assert stage.page.table.order


async def test_escape_while_filtering_keeps_what_was(tmp_path: Path) -> None:
    async with run_page(tmp_path, 100, WIDE) as stage:
        await stage.press("slash", *"zzz", "escape")
        assert stage.page.filter_text == "" and not stage.page.prompt.asking
        assert isinstance(stage.page.focused, HostPane)


async def test_a_shows_only_hosts_with_news(tmp_path: Path) -> None:
    async with run_page(tmp_path, 100, WIDE) as stage:
        await stage.press("a")
        assert {stage.page.views[n].status for n in stage.page.table.order} == {"running"}
        await stage.press("a")
        assert len(stage.page.table.order) == 100


async def test_g_goes_to_a_host(tmp_path: Path) -> None:
    async with run_page(tmp_path, 100, WIDE) as stage:
        await stage.press("g", *"wk-42", "enter")
        assert stage.page.selected == "wk-42"
        await stage.press("g", *"nobody", "enter")
        assert "no host is called nobody" in stage.said()
        assert stage.page.selected == "wk-42"


async def test_p_pauses_and_goes_on(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        await stage.press("p")
        assert stage.live.controls.paused
        assert stage.page.query_one(RunLine).facts.word == "paused"
        await stage.press("p")
        assert stage.live.controls.level == "run"
        assert stage.page.query_one(RunLine).facts.word == "installing"


@pytest.mark.parametrize(("key", "level"), [("g", "run"), ("f", "stop"), ("s", "stop-now")])
async def test_x_asks_how_to_stop(key: str, level: str, tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        await stage.press("x")
        assert isinstance(stage.app.screen, Ask)
        await stage.press(key)
        assert stage.live.controls.level == level
        assert isinstance(stage.app.screen, ExecuteScreen)


async def test_z_gives_the_log_the_room(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        before = stage.page.log_view.size.height
        await stage.press("z")
        assert stage.page.log_view.size.height > before + 3
        assert isinstance(stage.page.focused, LogView)
        await stage.press("z")
        assert stage.page.log_view.size.height == before


async def test_tab_goes_between_the_panes(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        seen = []
        for _ in range(3):
            seen.append(type(stage.page.focused).__name__)
            await stage.press("tab")
        assert seen == ["HostTiles", "LogView", "HostTiles"]


@pytest.mark.parametrize("key", ["enter", "l"])
async def test_enter_opens_the_whole_log_and_escape_comes_back(key: str, tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        await stage.press("right", key)
        screen = stage.app.screen
        assert isinstance(screen, LogScreen)
        assert screen.log_view.host == "cp-2"
        assert str(stage.live.store.log("cp-2")) in str(screen.prompt.query_one("#said").render())
        await stage.press("right_square_bracket")
        assert screen.log_view.host == "cp-3"
        await stage.press("escape")
        assert isinstance(stage.app.screen, ExecuteScreen)
        assert stage.page.selected == "cp-2"


async def test_escape_never_leaves_a_run(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        await stage.press("escape", "escape", "escape")
        assert isinstance(stage.app.screen, ExecuteScreen)


async def test_capital_f_says_that_nothing_failed(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        await stage.press("F")
        assert "nothing has failed" in stage.said()


async def test_letters_typed_into_a_prompt_do_nothing_else(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        await stage.press("slash", *"pxzvofwscal", "escape")
        assert stage.live.controls.level == "run"
        assert isinstance(stage.app.screen, ExecuteScreen)
        assert not stage.page.zoomed


async def test_keys_of_an_ended_run_do_no_harm(tmp_path: Path) -> None:
    def ended(live: object) -> None:
        complete(live)  # type: ignore[arg-type]
        live.finish()  # type: ignore[attr-defined]

    async with run_page(tmp_path, 3, scene=ended) as stage:
        await stage.press("p", "x", "z", "z", "F", "a", "a")
        assert stage.live.controls.level == "run"
        assert isinstance(stage.app.screen, ExecuteScreen)


async def test_help_names_every_key(tmp_path: Path) -> None:
    async with run_page(tmp_path, 3) as stage:
        active = stage.page.active_bindings
        for key in ("p", "x", "z", "v", "o", "g", "F", "a", "f", "w", "s", "c", "slash", "l", "j"):
            action = REGISTRY[active[key].binding.id or ""]
            assert action.help, key
        await settle(stage.pilot)

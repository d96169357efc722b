"""The hosts page: what it shows, and every key of its list."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual import events
from textual.content import Content
from textual.widgets import Input, Static

from haui.app import HauiApp
from screens.help import HelpScreen
from screens.host_form import HostForm
from screens.host_import import ImportDialog
from screens.host_paste import PasteDialog
from screens.host_roles import RolesDialog
from screens.hosts import HostsPage
from screens.widgets.check_list import CheckList
from screens.widgets.helpline import HelpLine
from screens.widgets.host_list import LIST_ACTIONS, HostList
from screens.widgets.host_rows import HostRow
from tests.screens.conftest import AppSnapshot, settle
from tests.screens.hostlists import FIVE, WRONG, answers_of, host
from tests.screens.worlds import HOSTILE, complete_answers, make_app

WorldOf = Callable[..., Any]
SIZES = [(80, 24), (120, 40)]


@asynccontextmanager
async def shown(world_of: WorldOf, *hosts: Any, size: tuple[int, int] = (80, 24), **options: Any):  # type: ignore[no-untyped-def]
    """The page with these hosts on it; gives the pilot and the world."""
    world = world_of(answers=answers_of(*hosts), page="hosts", **options)
    app = make_app(world)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)
        yield pilot, world


def list_of(app: HauiApp) -> HostList:
    page = next(screen for screen in app.screen_stack if isinstance(screen, HostsPage))
    return page.query_one(HostList)


def names(world: Any) -> list[str]:
    return [entry.get("name", "") for entry in world.desk.value(("hosts",)) or ()]


def text_at(app: HauiApp, widget: str) -> str:
    return str(app.screen.query_one(widget, Static).content)


def said(app: HauiApp) -> str:
    message = app.screen.query_one(HelpLine).message
    return "" if message is None else message.plain


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["empty", "filled", "wrong"])
async def test_looks(
    kind: str, size: tuple[int, int], world_of: WorldOf, app_snapshot: AppSnapshot
) -> None:
    """The page empty (as a rehearsal), filled, and with hosts that are wrong."""
    hosts = {"empty": (), "filled": FIVE, "wrong": WRONG}[kind]
    async with shown(world_of, *hosts, size=size, rehearsal=kind == "empty") as (pilot, _):
        await pilot.press(*(["down"] if kind == "wrong" else ["space"]))
        assert await app_snapshot(pilot, f"{kind}-{size[0]}")


async def test_hundred_look(world_of: WorldOf, app_snapshot: AppSnapshot) -> None:
    """A hundred hosts, filtered down to some."""
    app = make_app(world_of(answers=complete_answers(hosts=100), page="hosts"))
    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.press("end", "home", "slash", *"wk2", "enter", "end")
        assert await app_snapshot(pilot, "hundred")


async def test_ascii_looks(world_of: WorldOf, app_snapshot: AppSnapshot) -> None:
    """In ASCII and the terminal's own colours."""
    app = make_app(
        world_of(answers=answers_of(*WRONG), page="hosts", ascii_only=True), theme="haui-ansi"
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("space", "down")
        assert await app_snapshot(pilot, "ascii")


async def test_cursor_moves_and_says_what_is_wrong(world_of: WorldOf) -> None:
    async with shown(world_of, *WRONG) as (pilot, _):
        assert "begins the cluster" in text_at(pilot.app, "#about")
        await pilot.press("j")
        assert "cp1 is the name of host 1 already" in text_at(pilot.app, "#about")
        assert "10.30.0.300" in text_at(pilot.app, "#about")
        await pilot.press("down")
        assert "the address of host 1 (cp1) already" in text_at(pilot.app, "#about")
        await pilot.press("end")
        assert "this is no host" in text_at(pilot.app, "#about")
        await pilot.press("k", "up", "home")
        assert list_of(pilot.app).place == 0
        await pilot.press("pagedown")
        assert list_of(pilot.app).place == 4
        await pilot.press("pageup")
        assert list_of(pilot.app).place == 0


async def test_what_is_needed_is_said(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE[:2]) as (pilot, world):
        needed = text_at(pilot.app, "#needed")
        assert "still needed: 1 control plane, 1 worker" in needed
        assert "2 control planes, but each is an etcd member" in needed
        await pilot.press("ctrl+n")
        assert said(pilot.app).startswith("Not yet")
        world.desk.set_hosts(FIVE)
        await settle(pilot)
        assert text_at(pilot.app, "#needed").startswith("✓ no host is missing")


async def test_next_goes_to_the_first_wrong_host(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE[:4], {"name": "wk2"}) as (pilot, _):
        await pilot.press("tab", "ctrl+n")
        assert isinstance(pilot.app.screen, HostsPage)
        assert (list_of(pilot.app).place, list_of(pilot.app).has_focus) == (4, True)


async def test_next_goes_on_when_all_is_right(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE) as (pilot, world):
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert world.desk.draft.page == "access"


async def test_delete_and_undo(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE) as (pilot, world):
        await pilot.press("d")
        assert said(pilot.app) == "cp1 is deleted. ^z brings it back."
        await pilot.press("space", "space", "delete")
        assert said(pilot.app) == "2 hosts are deleted. ^z brings them back."
        assert names(world) == ["wk1", "wk2"]
        await pilot.press("ctrl+z", "ctrl+z")
        assert names(world) == [entry["name"] for entry in FIVE]
        await pilot.press("ctrl+y")
        assert len(names(world)) == 4
        await pilot.press("d", "d", "d", "d", "d")
        assert world.desk.value(("hosts",)) is None


async def test_marks_are_shown_and_taken_away(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE) as (pilot, world):
        await pilot.press("space", "space")
        assert list_of(pilot.app).marked == {0, 1}
        assert "2 marked" in text_at(pilot.app, "#needed")
        await pilot.press("escape")
        assert not list_of(pilot.app).marked
        await pilot.press("escape")
        await settle(pilot)
        assert world.desk.draft.page == "endpoint"


async def test_order_changes_and_marks_follow(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE) as (pilot, world):
        await pilot.press("space", "home", "J")
        assert names(world)[:3] == ["cp2", "cp1", "cp3"]
        assert list_of(pilot.app).place == 1
        assert list_of(pilot.app).marked == {1}
        await pilot.press("shift+down", "K", "shift+up", "K")
        assert names(world)[:3] == ["cp1", "cp2", "cp3"]
        await pilot.press("end", "J")
        assert names(world)[-1] == "wk2"


async def test_roles_of_several(world_of: WorldOf, app_snapshot: AppSnapshot) -> None:
    """The window for the roles of all marked hosts."""
    async with shown(world_of, *FIVE) as (pilot, world):
        await pilot.press("space", "space", "r")
        assert isinstance(pilot.app.screen, RolesDialog)
        assert pilot.app.screen.query_one(CheckList).values == ("control-plane",)
        assert await app_snapshot(pilot, "roles")
        await pilot.press("space", "enter")
        assert "tick one" in text_at(pilot.app, "#refused")
        await pilot.press("space", "2", "enter")
        roles = [entry["roles"] for entry in world.desk.value(("hosts",))]
        assert roles[:3] == [["control-plane", "worker"]] * 2 + [["control-plane"]]
        await pilot.press("ctrl+z")
        assert world.desk.value(("hosts", 0, "roles")) == ["control-plane"]
        await pilot.press("end", "r", "escape")
        assert world.desk.value(("hosts", 4, "roles")) == ["worker"]


async def test_names_for_all(world_of: WorldOf) -> None:
    unnamed = {"address": "10.30.0.31", "roles": ["worker"]}
    async with shown(world_of, *FIVE, unnamed, {"address": "10.30.0.32"}) as (pilot, world):
        await pilot.press("n")
        assert names(world)[-2:] == ["wk3", ""]
        assert said(pilot.app) == "1 host named. ^z takes it back."
        await pilot.press("n")
        assert said(pilot.app) == "Every host that has a role has a name."


async def test_copy_as_lines(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE, "rubbish") as (pilot, _):
        await pilot.press("c")
        assert pilot.app.clipboard.splitlines()[3] == "wk1 10.30.0.21 worker rack=r1"
        assert said(pilot.app) == "5 lines sent to the clipboard."
    async with shown(world_of) as (pilot, _):
        await pilot.press("c")
        assert said(pilot.app) == "Nothing to copy."


async def test_filter(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE) as (pilot, world):
        await pilot.press("slash", *"rack wk", "enter")
        assert list_of(pilot.app).shown_count == 1
        assert text_at(pilot.app, "#filtered") == "1 of 5"
        assert list_of(pilot.app).place == 3
        await pilot.press("K")
        assert "filter" in said(pilot.app)
        await pilot.press("d")
        assert "wk1" not in names(world)
        assert list_of(pilot.app).row is None
        await pilot.press("d", "e", "r", "space", "down", "home", "pagedown", "J")
        await pilot.press("escape")
        assert list_of(pilot.app).shown_count == 4
        assert list_of(pilot.app).has_focus


async def test_windows_open(world_of: WorldOf) -> None:
    windows = {
        "a": HostForm,
        "plus": HostForm,
        "e": HostForm,
        "enter": HostForm,
        "p": PasteDialog,
        "i": ImportDialog,
        "r": RolesDialog,
        "question_mark": HelpScreen,
    }
    async with shown(world_of, *FIVE) as (pilot, world):
        for key, window in windows.items():
            await pilot.press(key)
            assert isinstance(pilot.app.screen, window), key
            await pilot.press("escape")
            assert isinstance(pilot.app.screen, HostsPage), key
        assert names(world) == [entry["name"] for entry in FIVE]
        assert not world.desk.undo()


async def test_keys_do_nothing_to_an_empty_list(world_of: WorldOf) -> None:
    async with shown(world_of) as (pilot, world):
        keys = [key for action in LIST_ACTIONS for key in action.key.split(",")]
        quiet = [key for key in keys if key not in ("a", "plus", "p", "i", "e")]
        await pilot.press(*quiet, "space", "down", "up", "home", "end", "pagedown", "j", "k")
        assert world.desk.value(("hosts",)) is None
        assert isinstance(pilot.app.screen, HostsPage)
        await pilot.press("shift+tab", "tab", "e")
        assert isinstance(pilot.app.screen, HostForm)


async def test_keys_work_from_the_buttons(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE) as (pilot, _):
        await pilot.press("tab", "p")
        assert isinstance(pilot.app.screen, PasteDialog)


async def test_paste_on_the_list_opens_the_window(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE) as (pilot, _):
        list_of(pilot.app).post_message(events.Paste("wk9 10.30.0.29 worker\rwk8 10.30.0.28"))
        await settle(pilot)
        assert isinstance(pilot.app.screen, PasteDialog)
        assert text_at(pilot.app, "#summary") == "✓ 2 hosts understood"


async def test_mouse(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE) as (pilot, _):
        await pilot.click(HostList, offset=(10, 3))
        assert list_of(pilot.app).place == 2
        await pilot.click(HostList, offset=(1, 2))
        assert list_of(pilot.app).place == 1
        assert list_of(pilot.app).marked == {1}
        await pilot.click(HostList, offset=(10, 12))
        await pilot.click(HostList, offset=(10, 4), times=2)
        assert isinstance(pilot.app.screen, HostForm)


async def test_only_changed_rows_are_drawn(world_of: WorldOf) -> None:
    app = make_app(world_of(answers=complete_answers(hosts=100), page="hosts"))
    async with app.run_test(size=(120, 40)) as pilot:
        await settle(pilot)
        drawn: list[int] = []
        hosts = list_of(app)
        line = hosts.line_of

        def noted(row: HostRow) -> Content:
            drawn.append(row.place)
            return line(row)

        hosts.line_of = noted  # type: ignore[method-assign]
        app.world.open_desk.answer(("hosts", 4, "labels"), None)
        app.world.open_desk.answer(("hosts", 4, "roles"), ["worker", "storage"][:1])
        app.world.open_desk.answer(("hosts", 4, "name"), "node-x")
        await settle(pilot)
        assert set(drawn) <= {4}
        drawn.clear()
        await pilot.press("down", "down")
        await settle(pilot)
        assert set(drawn) <= {0, 1, 2}


async def test_hostile_hosts_are_shown(world_of: WorldOf) -> None:
    hosts = [{"name": text, "address": text, "roles": [text], "labels": {text: text}, "ssh": text}
             for text in HOSTILE]  # fmt: skip
    hosts += [host("cp1", 11, labels=text, ssh={"user": text, "port": text}) for text in HOSTILE]
    async with shown(world_of, *hosts, 5, None, [1], {"name": 5, "roles": 7}) as (pilot, world):
        for _ in range(len(hosts) + 4):
            await pilot.press("down")
        await pilot.press("n", "c", "space", "r", "escape", "slash", *"[/foo]", "escape")
        count = len(world.desk.value(("hosts",)))
        for index in range(count):
            await pilot.press("home")
            if index % 4 == 0:
                await pilot.press("e")
            if isinstance(pilot.app.screen, HostForm):
                await pilot.press("escape")
            await pilot.press("d")
        assert world.desk.value(("hosts",)) is None
        screen = pilot.app.export_screenshot()
        assert "\x1b" not in screen


async def test_filter_says_when_nothing_is_left(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE) as (pilot, _):
        await pilot.press("slash", *"zzz", "down")
        assert list_of(pilot.app).shown_count == 0
        assert pilot.app.screen.query_one("#filter", Input).value == "zzz"
        await pilot.press("escape")
        assert list_of(pilot.app).shown_count == 5

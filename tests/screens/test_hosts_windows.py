"""The windows of the hosts page: the form, pasted lines, and files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import Button, Input, Static

from screens.host_import import ImportDialog, PathLine
from screens.host_paste import LinesArea, PasteDialog
from screens.host_roles import RolesDialog
from screens.hosts import HostsPage
from screens.widgets.check_list import CheckList
from screens.widgets.field import QuestionField
from screens.widgets.host_list import HostList
from tests.screens.conftest import AppSnapshot, settle
from tests.screens.hostlists import FIVE, INVENTORY, RUBBISH, SSH_CONFIG, TABLE, answers_of
from tests.screens.test_hosts import list_of, names, said, shown, text_at
from tests.screens.worlds import HOSTILE

WorldOf = Callable[..., Any]
SIZES = [(80, 24), (120, 40)]


def field(app: App[int], key: str) -> QuestionField:
    return next(f for f in app.screen.query(QuestionField) if f.question.id == key)


async def paste(pilot: Pilot[int], text: str) -> None:
    """Paste into whatever has the focus, as terminals do."""
    assert pilot.app.screen.focused is not None
    pilot.app.screen.focused.post_message(events.Paste(text))
    await settle(pilot)


# The form.


@pytest.mark.parametrize("size", SIZES)
async def test_form_looks(
    size: tuple[int, int], world_of: WorldOf, app_snapshot: AppSnapshot
) -> None:
    """The form with a wrong address."""
    wrong = {**FIVE[4], "address": "10.30.0.300"}
    async with shown(world_of, *FIVE[:4], wrong, size=size) as (pilot, _):
        await pilot.press("end", "enter")
        await settle(pilot)
        assert pilot.app.screen.focused is field(pilot.app, "address").control
        assert await app_snapshot(pilot, f"form-{size[0]}")


async def test_form_writes_what_is_typed(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE) as (pilot, world):
        await pilot.press("enter", "end", *"-x", "enter", "end", "backspace", "escape")
        assert world.desk.value(("hosts", 0, "name")) == "cp1-x"
        assert world.desk.value(("hosts", 0, "address")) == "10.30.0.1"
        assert isinstance(pilot.app.screen, HostsPage)


async def test_form_undo(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE) as (pilot, world):
        await pilot.press("enter", "end", *"xy", "ctrl+z")
        assert field(pilot.app, "name").control.value == "cp1x"  # type: ignore[attr-defined]
        await pilot.press("ctrl+z", "ctrl+z")
        assert "Nothing to take back" in text_at(pilot.app, "#explained")
        await pilot.press("ctrl+y")
        assert world.desk.value(("hosts", 0, "name")) == "cp1x"


async def test_form_roles_and_labels(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE) as (pilot, world):
        await pilot.press("enter", "down", "down", "space", "down", "space")
        assert world.desk.value(("hosts", 0, "roles")) == ["worker"]
        await pilot.press("up", "space", "down", "space", "up", "space")
        assert world.desk.value(("hosts", 0, "roles")) == []
        await pilot.press("tab", *"zone=a", "tab")
        assert world.desk.value(("hosts", 0, "labels")) == {"zone": "a"}
        problem = pilot.app.screen.query_one("#roles .problem", Static)
        assert problem.display
        assert "nothing to do" in str(problem.content)
        await pilot.press("space", "tab", *"198.51.100.7", "tab", *"admin", "tab", *"22x", "tab")
        assert world.desk.value(("hosts", 0, "ssh")) == {
            "address": "198.51.100.7",
            "user": "admin",
            "port": "22x",
        }
        assert field(pilot.app, "ssh.port").is_wrong


async def test_form_goes_from_host_to_host(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE) as (pilot, world):
        await pilot.press("enter", "pageup", "pagedown", "ctrl+down")
        assert field(pilot.app, "name").control.value == "cp3"  # type: ignore[attr-defined]
        await pilot.press("ctrl+up", "end", "Z", "pageup", "pagedown")
        assert field(pilot.app, "name").control.value == "cp2Z"  # type: ignore[attr-defined]
        await pilot.press("escape")
        assert list_of(pilot.app).place == 1
        assert names(world)[1] == "cp2Z"
        assert [row.name for row in list_of(pilot.app).rows] == names(world)
        assert list_of(pilot.app).rows[1].state == ("wrong", "name")


async def test_form_adds_hosts(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE[:2]) as (pilot, world):
        await pilot.press("a", *"cp3", "enter", *"10.30.0.13", "ctrl+n", "ctrl+n", *"w")
        await pilot.press("ctrl+n", "escape")
        assert [h.get("roles") for h in world.desk.value(("hosts",))[2:]] == [
            ["control-plane"],
            ["worker"],
        ]
        assert names(world)[2:] == ["cp3", "w"]
        await pilot.press("a", "x", "backspace", "escape")
        assert len(names(world)) == 4


async def test_form_ends_when_undo_takes_its_host(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE) as (pilot, world):
        await pilot.press("a", "x", "ctrl+z", "ctrl+z")
        await settle(pilot)
        assert isinstance(pilot.app.screen, HostsPage)
        assert len(names(world)) == 5


async def test_form_buttons(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE, size=(120, 40)) as (pilot, world):
        await pilot.press("enter")
        for button, name in (("#after", "cp2"), ("#before", "cp1")):
            pilot.app.screen.query_one(button, Button).press()
            await settle(pilot)
            assert field(pilot.app, "name").control.value == name  # type: ignore[attr-defined]
        pilot.app.screen.query_one("#another", Button).press()
        await settle(pilot)
        assert len(names(world)) == 6
        pilot.app.screen.query_one("#done", Button).press()
        await settle(pilot)
        assert len(names(world)) == 5
        assert isinstance(pilot.app.screen, HostsPage)


# Pasted lines.


@pytest.mark.parametrize("size", SIZES)
async def test_paste_looks(
    size: tuple[int, int], world_of: WorldOf, app_snapshot: AppSnapshot
) -> None:
    """Lines of which some are rubbish."""
    async with shown(world_of, size=size) as (pilot, _):
        await pilot.press("p")
        await paste(pilot, RUBBISH)
        assert text_at(pilot.app, "#summary") == "✓ 4 hosts understood   ✗ 2 lines not"
        assert await app_snapshot(pilot, f"paste-{size[0]}")


async def test_paste_empty_looks(world_of: WorldOf, app_snapshot: AppSnapshot) -> None:
    """The box shows how lines look while it is empty."""
    async with shown(world_of) as (pilot, _):
        await pilot.press("p")
        assert await app_snapshot(pilot, "paste-empty")
        await pilot.press("ctrl+s")
        assert "no host to take" in text_at(pilot.app, "#summary")


async def test_good_lines_are_taken_and_bad_ones_stay(world_of: WorldOf) -> None:
    async with shown(world_of) as (pilot, world):
        await pilot.press("p")
        await paste(pilot, RUBBISH.replace("\n", "\r"))
        await pilot.press("ctrl+s")
        assert names(world) == ["cp1", "cp2", "cp3", "wk1"]
        area = pilot.app.screen.query_one(LinesArea)
        assert area.text == "!!! what\nwk2 2"
        assert text_at(pilot.app, "#summary").startswith("4 hosts taken.")
        await pilot.press("escape", "p")
        assert pilot.app.screen.query_one(LinesArea).text == "!!! what\nwk2 2"
        await pilot.press("ctrl+end", "end", "backspace", *"10.30.0.22 wk")
        await pilot.press("ctrl+s")
        assert names(world)[-1] == "wk2"
        assert pilot.app.screen.query_one(LinesArea).text == "!!! what"
        await pilot.press("escape", "ctrl+z")
        assert names(world) == ["cp1", "cp2", "cp3", "wk1"]


async def test_roles_are_asked_once_for_all_without(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE[:3]) as (pilot, world):
        await pilot.press("p")
        await paste(pilot, "10.30.0.[31-33]\nst1 10.30.0.40 storage")
        await pilot.press("ctrl+s")
        assert isinstance(pilot.app.screen, RolesDialog)
        assert pilot.app.screen.query_one(CheckList).values == ("worker",)
        await pilot.press("enter")
        assert names(world)[3:] == ["wk1", "wk2", "wk3", "st1"]
        await pilot.press("ctrl+z", "ctrl+z")
        assert len(names(world)) == 3


async def test_pasted_again_says_so(world_of: WorldOf) -> None:
    async with shown(world_of, *FIVE) as (pilot, world):
        await pilot.press("p")
        await paste(pilot, "wk1 10.30.0.99")
        await pilot.press("ctrl+s")
        assert "wk1 was in the list already" in said(pilot.app)
        assert world.desk.value(("hosts", 3, "address")) == "10.30.0.99"
        assert world.desk.value(("hosts", 3, "labels")) == {"rack": "r1"}


async def test_a_table_keeps_its_head(world_of: WorldOf) -> None:
    async with shown(world_of) as (pilot, world):
        await pilot.press("p")
        await paste(pilot, TABLE)
        await pilot.press("ctrl+s")
        assert names(world) == ["cp1"]
        assert pilot.app.screen.query_one(LinesArea).text == (
            "name,address,roles\nwk1,nowhere!,worker"
        )


async def test_hostile_lines(world_of: WorldOf) -> None:
    async with shown(world_of) as (pilot, _):
        await pilot.press("p")
        await paste(pilot, "\n".join(HOSTILE))
        text = pilot.app.screen.query_one(LinesArea).text
        assert not set(text) & set("\x1b\x07\x9b\u202e")
        assert "[bold red]boo[/]" in text
        assert "line 1" in pilot.app.screen.query_one("#found").render().plain
        await pilot.press("ctrl+s", "tab", "tab", "escape")


async def test_long_text_is_read_after_a_pause(world_of: WorldOf) -> None:
    async with shown(world_of) as (pilot, _):
        await pilot.press("p")
        await paste(
            pilot, "\n".join(f"wk{n} 10.1.{n >> 8}.{n & 255} worker" for n in range(1, 900))
        )
        pilot.app.screen.query_one("#take", Button).press()
        await settle(pilot)
        assert isinstance(pilot.app.screen, HostsPage)
        assert len(pilot.app.screen.query_one(HostList).rows) == 899


async def test_paste_buttons(world_of: WorldOf) -> None:
    async with shown(world_of) as (pilot, _):
        await pilot.press("p", *"x!")
        pilot.app.screen.query_one("#close", Button).press()
        await settle(pilot)
        assert isinstance(pilot.app.screen, HostsPage)
        await pilot.press("p")
        assert isinstance(pilot.app.screen, PasteDialog)
        assert pilot.app.screen.query_one(LinesArea).text == "x!"


# Files.


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files to import, which is the current one."""
    place = tmp_path / "files"
    place.mkdir()
    (place / "ssh_config").write_text(SSH_CONFIG)
    (place / "hosts.csv").write_text(TABLE)
    (place / "hosts.ini").write_text(INVENTORY)
    (place / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF")
    (place / "folder").mkdir()
    (place / "empty").write_text("")
    monkeypatch.chdir(place)
    return place


async def read(pilot: Pilot[int], path: str) -> None:
    line = pilot.app.screen.query_one(PathLine)
    line.value = path
    line.focus()
    await pilot.press("enter")
    await settle(pilot)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.usefixtures("folder")
async def test_import_looks(
    size: tuple[int, int], world_of: WorldOf, app_snapshot: AppSnapshot
) -> None:
    """An SSH configuration with its hosts to choose from, and notes."""
    async with shown(world_of, size=size) as (pilot, _):
        await pilot.press("i")
        await read(pilot, "ssh_config")
        await pilot.press("down", "down", "space")
        assert await app_snapshot(pilot, f"import-{size[0]}")


@pytest.mark.usefixtures("folder")
async def test_import_completes_and_takes_what_is_ticked(world_of: WorldOf) -> None:
    async with shown(world_of) as (pilot, world):
        await pilot.press("i", "s", "tab", "enter")
        assert pilot.app.screen.query_one(PathLine).value == "ssh_config"
        await settle(pilot)
        aliases = pilot.app.screen.query_one("#aliases", CheckList)
        assert (aliases.has_focus, aliases.values) == (True, ("cp1", "cp2", "wk1"))
        await pilot.press("a")
        assert aliases.values == ()
        await pilot.press("a", "space", "ctrl+s")
        assert isinstance(pilot.app.screen, RolesDialog)
        await pilot.press("escape")
        assert names(world) == ["cp2", "wk1"]
        assert world.desk.value(("hosts", 1, "ssh")) == {"user": "ops", "port": 2222}


@pytest.mark.usefixtures("folder")
async def test_other_files(world_of: WorldOf) -> None:
    async with shown(world_of) as (pilot, world):
        await pilot.press("i", "h", "tab")
        assert pilot.app.screen.query_one(PathLine).value == "hosts."
        assert text_at(pilot.app, "#beside") == "hosts.csv  hosts.ini"
        await read(pilot, "hosts.csv")
        assert text_at(pilot.app, "#beside") == "✓ read as: table (CSV)"
        assert text_at(pilot.app, "#summary") == "✓ 1 host understood   ✗ 1 line not"
        await read(pilot, "hosts.ini")
        assert text_at(pilot.app, "#beside") == "✓ read as: Ansible inventory"
        await pilot.press("pagedown", "pageup", "enter")
        await settle(pilot)
        assert [h["roles"] for h in world.desk.value(("hosts",))] == [["control-plane"], ["worker"]]
        await pilot.press("i")
        assert pilot.app.screen.query_one(PathLine).value == "hosts.ini"


@pytest.mark.usefixtures("folder")
async def test_unreadable_files_are_said_beside_the_path(world_of: WorldOf) -> None:
    reasons = {
        "": "a path is needed",
        "nothing": "✗ nothing does not exist",
        "folder": "✗ folder is a folder",
        "photo.jpg": "✗ photo.jpg is not text (byte 1 is not UTF-8)",
        "/dev/zero": "✗ zero is no ordinary file",
        "a\0b": "can't be read",
        "~nobody-of-that-name/x": "✗ x ",
        "[/foo]\x1b[2J": "does not exist",
    }
    async with shown(world_of, *FIVE) as (pilot, world):
        await pilot.press("i")
        for path, reason in reasons.items():
            await read(pilot, path)
            assert reason in text_at(pilot.app, "#beside"), path
            assert pilot.app.screen.query_one(Input).value == path
        await read(pilot, "empty")
        await pilot.press("ctrl+s")
        assert isinstance(pilot.app.screen, ImportDialog)
        await pilot.press("escape")
        assert len(names(world)) == 5


@pytest.mark.usefixtures("folder")
async def test_import_buttons_and_pasted_paths(world_of: WorldOf) -> None:
    async with shown(world_of) as (pilot, world):
        await pilot.press("i")
        await paste(pilot, " hosts.csv\r\nmore")
        assert pilot.app.screen.query_one(PathLine).value == "hosts.csv"
        pilot.app.screen.query_one("#read", Button).press()
        await settle(pilot)
        pilot.app.screen.query_one("#take", Button).press()
        await settle(pilot)
        assert names(world) == ["cp1"]
        assert said(pilot.app) == "1 line was not understood: p shows what is left."
        list_of(pilot.app).post_message(events.Paste("wk2 10.30.0.22 worker"))
        await settle(pilot)
        assert pilot.app.screen.query_one(LinesArea).text == (
            "name,address,roles\nwk1,nowhere!,worker\nwk2 10.30.0.22 worker"
        )
        await pilot.press("escape", "escape")
        await settle(pilot)
        await pilot.press("ctrl+n")
        await settle(pilot)
        await pilot.press("p")
        assert pilot.app.screen.query_one(LinesArea).text.endswith("wk2 10.30.0.22 worker")
        await pilot.press("escape", "i", "tab", "shift+tab")
        pilot.app.screen.query_one("#close", Button).press()
        await settle(pilot)
        assert isinstance(pilot.app.screen, HostsPage)


def test_answers_for_tests_are_complete(world_of: WorldOf) -> None:
    assert world_of(answers=answers_of(*FIVE), page="hosts").desk.problems() == ()

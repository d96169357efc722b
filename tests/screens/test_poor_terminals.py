"""Every screen on poor terminals: ASCII, sixteen colours or none, little room, keys alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from rich.color import ColorType
from rich.segment import Segment
from textual.color import Color
from textual.content import Content
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from haui.app import HauiApp
from screens.actions import active_actions, key_text
from screens.ascii_filter import AsciiOnly
from screens.dialog import Dialog
from screens.help import HelpScreen
from screens.shell import Shell
from screens.too_small import LEAST_HEIGHT, LEAST_WIDTH, TooSmallScreen
from screens.widgets.keyline import KeyLine
from screens.widgets.topbar import TopBar
from tests.screens.everywhere import SCENES, shown
from tests.screens.hostile import screen_text

pytestmark = pytest.mark.thorough

STANDS_IN = set("…·–—─━│┃┌┐└┘├┤┬┴┼╭╮╰╯▌▐•▲▼▶◀↑↓←→‘’“”\N{NO-BREAK SPACE}▁▂▃▄▅▆▇█▉▊▋▍▎▏▕")
"""What the ASCII filter has an own sign for: haui's texts, and the toolkit's scroll bars."""
ROOTS = ("welcome", "notice")
"""Screens that escape does not leave."""
RUNNING = ("execute 3", "execute 30", "failure")
"""Screens that escape does not leave while the run goes on; haui says so."""
AGAIN = ("rehearsal", "execute 30", "result good", "result error", "report window")
"""Screens whose keys are those of another one here."""
MOST_TABS = 60


class _Seen(AsciiOnly):
    """Remembers what it had to replace."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[str] = set()

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        self.seen |= {c for text, _, _ in segments for c in text if not c.isascii()}
        return super().apply(segments, background)


@pytest.mark.parametrize("name", SCENES)
async def test_every_screen_on_a_bare_console(name: str, tmp_path: Path) -> None:
    """80x24 in ASCII and sixteen colours, then 60x16, then too small, and back."""
    ascii_filter = _Seen()

    def watch(app: HauiApp) -> None:
        app._doors[-1] = ascii_filter

    console: Any = {"ascii_only": True, "theme": "haui-ansi", "prepared": watch}
    async with shown(name, tmp_path, **console) as pilot:
        app = pilot.app
        assert isinstance(app, HauiApp)
        screen = app.screen
        assert screen_text(app).isascii()
        assert_sixteen_colours(app)
        await pilot.resize_terminal(LEAST_WIDTH, LEAST_HEIGHT)
        await pilot.pause()
        assert app.screen is screen
        assert screen_text(app).isascii()
        assert_essential(app)
        strange = ascii_filter.seen - STANDS_IN
        assert not strange, f"no sign of their own in ASCII: {sorted(strange)}"
        await pilot.resize_terminal(LEAST_WIDTH - 1, LEAST_HEIGHT - 1)
        await pilot.pause()
        assert isinstance(app.screen, TooSmallScreen)
        assert "too small" in screen_text(app)
        await pilot.resize_terminal(LEAST_WIDTH, LEAST_HEIGHT)
        await pilot.pause()
        assert app.screen is screen
        await assert_left(pilot, name)


def assert_sixteen_colours(app: HauiApp) -> None:
    """No colour beyond those of the terminal."""
    for strip in app.screen._compositor.render_strips():
        for text, style, _ in strip:
            for colour in (style.color, style.bgcolor) if style else ():
                assert colour is None or colour.type in (ColorType.DEFAULT, ColorType.STANDARD), (
                    text,
                    colour,
                )


def assert_essential(app: HauiApp) -> None:
    """Where one is, what has the focus, and how to get help and away."""
    screen, size = app.screen, app.size
    if isinstance(screen, Shell):
        text = screen_text(app).splitlines()
        assert screen.query_one(TopBar).region.height == 1
        assert text[0].strip().startswith("haui")
        assert "? help" in text[-1], text[-1]
        assert "^q quit" in text[-1], text[-1]
        assert screen.query_one(KeyLine).region.bottom == size.height
    if isinstance(screen, Dialog):
        window = screen.query_one("#window").region
        assert size.region.contains_region(window), window
        for button in screen.query("#window Button"):
            if button.display:
                assert window.contains_region(button.region), (button.id, button.region, window)
    focused = screen.focused
    if focused is not None:
        region, where = screen.find_widget(focused).visible_region, focused
        assert region.height > 0 and region.width > 5, f"{where} has no room: {region}"


async def assert_left(pilot: Pilot[int], name: str) -> None:
    """Escape leads to another screen, at last."""
    app, screen = pilot.app, pilot.app.screen
    for _ in range(3):
        await pilot.press("escape")
        await pilot.pause()
        if app.screen is not screen:
            break
    if name in RUNNING:
        assert isinstance(app, HauiApp)
        assert "goes on" in screen_text(app)
    elif name not in ROOTS:
        assert app.screen is not screen


@pytest.mark.parametrize("name", [name for name in SCENES if name not in AGAIN])
async def test_every_screen_by_keys_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without any colour: tab goes round through everything, and help names every key."""
    monkeypatch.setenv("NO_COLOR", "1")
    async with shown(name, tmp_path) as pilot:
        app = pilot.app
        assert isinstance(app, HauiApp)
        assert_no_colour(app)
        await assert_tab_goes_round(pilot)
        assert_no_colour(app)
        if isinstance(app.screen, Shell):
            await assert_help_names_keys(pilot, app.screen)


def assert_no_colour(app: HauiApp) -> None:
    """Only what the terminal has by itself."""
    for strip in app.screen._compositor.render_strips():
        for text, style, _ in strip:
            for colour in (style.color, style.bgcolor) if style else ():
                assert colour is None or colour.type is ColorType.DEFAULT, (text, colour)


async def assert_tab_goes_round(pilot: Pilot[int]) -> None:
    """Every widget that can have the focus gets it, and then the first has it again; each of them
    can be told from what it is without the focus."""
    screen = pilot.app.screen
    first = screen.focused
    reached: list[Widget | None] = []
    for _ in range(MOST_TABS):
        await pilot.press("tab")
        assert pilot.app.screen is screen
        await pilot.pause()
        if screen.focused is first and not reached:
            await pilot.press("tab")  # the first one has completed what is in the line
        if screen.focused is first or screen.focused in reached:
            break
        reached.append(screen.focused)
    missed = [w for w in screen.focus_chain if w is not first and w not in reached]
    assert not missed, f"tab never leads to {missed}"
    if first is not None:
        assert screen.focused is first, f"tab comes to {screen.focused} and not back to {first}"
    if len(reached) > 1:
        await pilot.press("shift+tab")
        assert screen.focused is reached[-1]


async def assert_help_names_keys(pilot: Pilot[int], screen: Screen[Any]) -> None:
    """What the key line can show has its line on the help page."""
    app = pilot.app
    assert isinstance(app, HauiApp)
    actions = [action for action in active_actions(screen.active_bindings) if action.shown]
    await pilot.press("f1")
    await pilot.pause()
    assert isinstance(app.screen, HelpScreen)
    rows = [_plain(row) for row in app.screen.query(".key").results(Static)]
    for action in actions:
        keys = key_text(action, app.world.glyphs)
        assert any(row.startswith(keys) and action.help in row for row in rows), action.id
    await pilot.press("escape")
    await pilot.pause()
    assert app.screen is screen


def _plain(row: Static) -> str:
    shown = row.content
    return shown.plain if isinstance(shown, Content) else str(shown)

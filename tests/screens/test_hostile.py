"""Text from outside is shown, and never acts: not on the terminal, and not on haui."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.pilot import Pilot

from haui.app import HauiApp
from haui.transport.text import clean_line, clean_text
from screens.actions import Action, active_actions
from screens.ascii_filter import in_ascii
from screens.control_filter import NoControls, harmless
from screens.glyphs import toned
from tests.screens.everywhere import SCENES, shown
from tests.screens.hostile import (
    ACTING,
    LITERAL,
    PAYLOADS,
    STOLEN,
    TEXTS,
    Probe,
    Texts,
    acting_in,
    probed,
    screen_text,
)
from tests.screens.worlds import make_app, make_world

pytestmark = pytest.mark.thorough

ELSEWHERE = ("app.quit", "app.palette")
COMMON = ("Anywhere", "Wizard", "Fields", "Choices", "Window")
"""Groups of actions that are the same on many screens; one screen is enough to try them."""
AGAIN = ("rehearsal", "preflight early", "review early", "execute 30", "failure", "notice")
"""The same screens in another state; their keys are pressed elsewhere."""
BACKGROUND = Color(0, 0, 0)


@pytest.mark.parametrize("name", SCENES)
async def test_every_screen_only_shows_it(name: str, tmp_path: Path) -> None:
    """Each place has another hostile text; each of the screen's keys is pressed."""
    with probed() as probe:
        async with shown(name, tmp_path, Texts(), size=(120, 40), prepared=probe.guard) as pilot:
            app = pilot.app
            assert isinstance(app, HauiApp)
            probe.check(app, "at first")
            if SCENES[name].literal:
                assert LITERAL in screen_text(app), screen_text(app)
            await pilot.press("tab", "tab")
            await pilot.pause()
            probe.check(app, "tab")
            for action in tried(app, everything=name == "endpoint") if name not in AGAIN else ():
                await press(pilot, action.key.split(",")[0], probe, action.id)
            await pilot.pause()
            probe.check(app, "at last")
        assert probe.written


def tried(app: HauiApp, *, everything: bool) -> list[Action]:
    """The actions whose keys are pressed on a screen, those that leave it last."""
    found = active_actions(app.screen.active_bindings)
    kept = [a for a in found if a.id not in ELSEWHERE and (everything or a.group not in COMMON)]
    return sorted(kept, key=lambda action: action.id in ("shell.back", "page.next"))


async def press(pilot: Pilot[int], key: str, probe: Probe, where: str) -> None:
    """Press a key; what it opens is looked at and closed again."""
    app = pilot.app
    assert isinstance(app, HauiApp)
    depth = len(app.screen_stack)
    await pilot.press(key)
    probe.check(app, where)
    for _ in range(3):
        if len(app.screen_stack) > depth:
            await pilot.pause()
            probe.check(app, f"{where}: opened")
            await pilot.press("escape")


@pytest.mark.parametrize("data", PAYLOADS[:16])
def test_the_probe_finds(data: str) -> None:
    """What is hostile is found in what is written; of the invisible ones the acting ones."""
    assert bool(acting_in(f"\x1b[1;1H{data}")) == bool(ACTING.search(data))


@pytest.mark.parametrize(
    "data",
    [
        "\x1b[?2026h\x1b[3;1H\x1b[38;2;1;2;3;48;5;0mtext\x1b[0m\n\x1b[4;1Hmore\x1b[?25l",
        "\x1b]52;c;aGVsbG8=\x07",
        "\x1b]2;haui: atlas 3/9\x07",
    ],
)
def test_the_probe_lets_through(data: str) -> None:
    """haui's own sequences."""
    assert not acting_in(data)


@settings(derandomize=True, max_examples=150, deadline=None, database=None)
@given(TEXTS)
@example("".join(PAYLOADS))
def test_no_way_lets_a_control_through(text: str) -> None:
    """Each of the doors, alone: none changes the width, and what is left can be encoded."""
    for clean in (harmless(text), toned(text).plain, clean_text(text), clean_line(text)):
        assert not ACTING.search(clean.replace("\n", "").replace("\t", ""))
        clean.encode()
    assert cell_len(harmless(text)) == cell_len(text)
    assert in_ascii(harmless(text)).isascii()
    assert cell_len(in_ascii(harmless(text))) == cell_len(text)


@settings(derandomize=True, max_examples=60, deadline=None, database=None)
@given(TEXTS)
def test_the_last_door_takes_controls_and_links(text: str) -> None:
    """As many columns, no link, and the style otherwise as it was."""
    style = Style(bold=True, link="http://evil.example/")
    (found,) = NoControls().apply([Segment(text, style)], BACKGROUND)
    assert found.text == harmless(text)
    assert found.cell_length == Segment(text).cell_length
    assert found.style is not None
    assert found.style.bold
    assert not found.style.link


def test_what_is_harmless_is_not_touched() -> None:
    """Also wide, combined and joined letters; the very same segments."""
    segments = [
        Segment("plain"),
        Segment("宽字符 e\u0301 👩‍👧"),
        Segment("[bold]x[/bold]", Style()),
    ]
    assert NoControls().apply(segments, BACKGROUND) is segments


async def test_what_is_copied_can_not_act(tmp_path: Path) -> None:
    """The clipboard gets clean text, and half a pair of surrogates stops nothing."""
    with probed() as probe:
        app = make_app(make_world(tmp_path), "welcome")
        async with app.run_test(size=(80, 24)) as pilot:
            for payload in PAYLOADS:
                app.copy_to_clipboard(payload)
            await pilot.pause()
            probe.check(app, "copied")
            assert STOLEN not in app.clipboard


@settings(derandomize=True, max_examples=1, deadline=None, database=None)
@pytest.mark.parametrize("name", ["hosts", "execute 3", "welcome"])
@given(data=TEXTS)
def test_any_text_is_only_shown(name: str, data: str) -> None:
    """Whatever the pieces are put together to."""

    async def look(folder: Path) -> None:
        with probed() as probe:
            async with shown(name, folder, lambda: data, prepared=probe.guard) as pilot:
                assert isinstance(pilot.app, HauiApp)
                probe.check(pilot.app, name)

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(look(Path(folder)))

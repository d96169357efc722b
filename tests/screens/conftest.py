"""Fixtures of the screen tests: nothing blinks, nothing reads this machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest
import textual.app
import textual.pilot
import textual.screen
from pytest_textual_snapshot import SVGImageExtension  # type: ignore[import-untyped]
from syrupy.assertion import SnapshotAssertion
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from tests.screens.quiet import FRAME_S, draw_later, wait_until_quiet
from tests.screens.worlds import make_world

os.environ.pop("NO_COLOR", None)

RuleSet.__hash__ = object.__hash__  # type: ignore[method-assign]
"""What it does anyway, but in Python, some hundred times for each widget."""

_read_styles: dict[object, Any] = {}
_parse_rules = Stylesheet._parse_rules


def _parsed_once(self: Stylesheet, *args: Any, **kinds: Any) -> Any:
    """Every app reads the same style sheets, most of them those of the toolkit's own widgets."""
    key = (args, tuple(kinds.items()), tuple(self._variables.items()))
    if key not in _read_styles:
        _read_styles[key] = _parse_rules(self, *args, **kinds)
    return _read_styles[key]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Each page is looked at in the smallest terminal; the larger ones are for the thorough run."""
    for item in items:
        if item.path.parent == _HERE and _LARGER & {*item.name.rpartition("[")[2][:-1].split("-")}:
            item.add_marker(pytest.mark.thorough)


_HERE = Path(__file__).parent
_LARGER = {"size1", "size2"}

AppSnapshot = Callable[[Pilot[int], str], Coroutine[Any, Any, bool]]


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A cursor that does not blink, no pauses, the UTC clock, and a state folder of its own."""
    monkeypatch.setattr(textual.app, "wait_for_idle", wait_until_quiet)
    monkeypatch.setattr(textual.pilot, "wait_for_idle", wait_until_quiet)
    monkeypatch.setattr(textual.screen, "UPDATE_PERIOD", FRAME_S)
    monkeypatch.setattr(Screen, "_compositor_refresh", draw_later)
    monkeypatch.setattr(Stylesheet, "_parse_rules", _parsed_once)
    monkeypatch.setattr(Input, "_toggle_cursor", lambda self: None)
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HAUI_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def world_of(tmp_path: Path) -> Callable[..., Any]:
    """`make_world` in the test's own folder."""

    def make(**options: Any) -> Any:
        return make_world(tmp_path, **options)

    return make


@pytest.fixture
def app_snapshot(snapshot: SnapshotAssertion) -> AppSnapshot:
    """Whether the screen looks as it did: `assert await app_snapshot(pilot, "name")`."""
    svg = snapshot.use_extension(SVGImageExtension)

    async def check(pilot: Pilot[int], name: str) -> bool:
        await settle(pilot)
        return bool(svg(name=name) == pilot.app.export_screenshot(title="haui", simplify=True))

    return check


async def settle(pilot: Pilot[int]) -> None:
    """Wait until everything that was asked for has been drawn."""
    await pilot.pause()
    await pilot.wait_for_scheduled_animations()
    await pilot.pause()

"""A sign that turns slowly while something runs, and stands still otherwise."""

from __future__ import annotations

from typing import Any

from rich.console import RenderableType
from textual.content import Content
from textual.reactive import reactive
from textual.timer import Timer
from textual.widget import Widget

from screens.glyphs import UNICODE, Glyphs, toned

TURN_S = 0.25
"""Seconds for one step: slow enough for a terminal at the other end of the world."""


class Spinner(Widget):
    """One sign and a text. Turns only while `running` and where animations are wanted."""

    DEFAULT_CSS = """
    Spinner { width: auto; height: 1; }
    """

    text: reactive[str] = reactive("", layout=True)
    running: reactive[bool] = reactive(False, layout=True)

    def __init__(self, text: str = "", *, glyphs: Glyphs = UNICODE, **named: Any) -> None:
        super().__init__(**named)
        self._glyphs = glyphs
        self._turn = 0
        self._timer: Timer | None = None
        self.set_reactive(Spinner.text, text)

    def on_mount(self) -> None:
        self._timer = self.set_interval(TURN_S, self._step, pause=True)
        self.watch_running(self.running)

    def watch_running(self, running: bool) -> None:
        if self._timer is None:
            return
        still = self.app.animation_level == "none"
        self._timer.resume() if running and not still else self._timer.pause()

    def _step(self) -> None:
        self._turn += 1
        self.refresh()

    def render(self) -> Content | RenderableType:
        if not self.running:
            return toned(self.text, "dim")
        sign = self._glyphs.spinner[self._turn % len(self._glyphs.spinner)]
        return Content.assemble((sign, "$primary"), " ", (self.text, "$text-muted"))

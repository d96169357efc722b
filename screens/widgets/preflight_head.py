"""The numbers of a preflight: how far it is, and how many findings there are of each weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from haui.wizard.preflight import WEIGHTS
from screens.glyphs import Glyphs, state_text, toned

_WORDS = {
    "blocks": ("blocks", "block"),
    "warning": ("warns", "warn"),
    "haui will do": ("haui will do", "haui will do"),
    "ok": ("fine", "fine"),
}
"""After one, and after another number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightNumbers:
    """`counts` are by weight, the heaviest first. `failed`: it did not come to its end."""

    counts: tuple[int, ...] = (0, 0, 0, 0)
    hosts: int = 0
    done: int = 0
    seconds: float = 0.0
    running: bool = False
    failed: bool = False
    simulated: bool = False
    idle: bool = False


class PreflightHead(Widget):
    """Two lines; the counts stay in their columns."""

    DEFAULT_CSS = """
    PreflightHead { width: 1fr; height: 2; }
    """

    numbers: reactive[PreflightNumbers] = reactive(PreflightNumbers())

    def __init__(self, glyphs: Glyphs, **named: Any) -> None:
        super().__init__(**named)
        self._glyphs = glyphs
        self._turn = 0

    def on_mount(self) -> None:
        if self.app.animation_level != "none":
            self.set_interval(0.25, self._spin)

    def _spin(self) -> None:
        if self.numbers.running:
            self._turn += 1
            self.refresh()

    def render(self) -> Content | RenderableType:
        return Content("\n").join([self._progress(), self._counts()])

    def _progress(self) -> Content:
        found = self.numbers
        hosts = f"{found.hosts} {'simulated ' if found.simulated else ''}host"
        hosts += "" if found.hosts == 1 else "s"
        if found.idle:
            return toned("No host was looked at.", "dim")
        if found.running:
            sign = self._glyphs.spinner[self._turn % len(self._glyphs.spinner)]
            text = f"looking at {hosts}: {found.done} done" if found.hosts else "beginning"
            return Content.assemble((sign, "$primary"), " ", (text, "bold"))
        if found.failed:
            return state_text("warning", self._glyphs, f"{found.done} of {hosts} looked at")
        checks = f"{sum(found.counts)} checks on {hosts} in {found.seconds:.1f} s"
        word = "blocks" if found.counts[0] else "ok"
        return Content.assemble(state_text(word, self._glyphs, checks).stylize("bold"))

    def _counts(self) -> Content:
        parts = []
        for weight, count in zip(WEIGHTS, self.numbers.counts, strict=True):
            one, more = _WORDS[weight]
            text = f"{count:>3} {one if count == 1 else more}"
            part = state_text(weight, self._glyphs, text) if count else toned(f"  {text}", "dim")
            width = max(len(one), len(more)) + 6
            parts.append(part.pad_right(width - part.cell_length))
        return Content("  ").join(parts)

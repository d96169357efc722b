"""The numbers of a preflight: how far it is, and how many findings there are of each weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from rich.console import RenderableType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from haui.wizard.preflight import WEIGHTS, Weight
from screens.glyphs import Glyphs, state_text, toned

_WORDS: Final[dict[Weight, tuple[str, str]]] = {
    "blocks": ("blocks", "block"),
    "warning": ("warns", "warn"),
    "overridden": ("let pass", "let pass"),
    "haui will do": ("haui will do", "haui will do"),
    "info": ("noted", "noted"),
    "ok": ("fine", "fine"),
    "skipped": ("skipped", "skipped"),
}
"""After one, and after another number."""
_ALWAYS: Final = ("blocks", "warning", "ok")
"""Told even when there are none."""
_LEFT_OUT: Final[tuple[Weight, ...]] = ("info", "skipped", "haui will do")
"""Told only where there is room, the last one longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightNumbers:
    """`counts` are checks by weight. `own`: this machine was looked at, too. `failed`: it did not
    come to its end."""

    counts: Mapping[Weight, int] = field(default_factory=dict)
    hosts: int = 0
    own: bool = False
    done: int = 0
    seconds: float = 0.0
    running: bool = False
    failed: bool = False
    simulated: bool = False
    idle: bool = False


class PreflightHead(Widget):
    """Two lines."""

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
        return Content("\n").join([self._progress(), self._counts(self.content_size.width)])

    def _progress(self) -> Content:
        found = self.numbers
        hosts = f"{found.hosts} {'simulated ' if found.simulated else ''}host"
        hosts += "" if found.hosts == 1 else "s"
        checks = sum(found.counts.values())
        if found.idle:
            return toned("No host was looked at.", "dim")
        if found.running:
            sign = self._glyphs.spinner[self._turn % len(self._glyphs.spinner)]
            text = f"looking at {hosts}: {found.done} done" if found.hosts else "beginning"
            so_far = f", {checks} check{'' if checks == 1 else 's'} so far" if checks else ""
            return Content.assemble((sign, "$primary"), " ", (text, "bold"), so_far)
        if found.failed:
            return state_text("warning", self._glyphs, f"{found.done} of {hosts} looked at")
        own = " and this machine" if found.own else ""
        text = f"{checks} checks on {hosts}{own} in {found.seconds:.1f} s"
        word = "blocks" if found.counts.get("blocks") else "ok"
        return Content.assemble(state_text(word, self._glyphs, text).stylize("bold"))

    def _counts(self, width: int) -> Content:
        counts = self.numbers.counts
        told = [weight for weight in WEIGHTS if counts.get(weight) or weight in _ALWAYS]
        line = Content()
        for weight in ("", *_LEFT_OUT):
            told = [kept for kept in told if kept != weight]
            line = Content("  ").join([self._count(kept) for kept in told])
            if line.cell_length <= width:
                break
        return line

    def _count(self, weight: Weight) -> Content:
        """Wide enough for the numbers to stay in their columns while they grow."""
        count = self.numbers.counts.get(weight, 0)
        one, more = _WORDS[weight]
        text = f"{count:>3} {one if count == 1 else more}"
        part = state_text(weight, self._glyphs, text) if count else toned(f"  {text}", "dim")
        return part.pad_right(max(len(one), len(more)) + 6 - part.cell_length)

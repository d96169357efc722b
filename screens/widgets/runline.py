"""The first line of a run: whose it is, what it is doing, how far, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rich.console import RenderableType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from screens.glyphs import Glyphs, Tone, toned
from screens.widgets.edges import edges, joined
from screens.widgets.progress import bar


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What the line says. `word` is e.g. installing, paused, stopping, failed; `note` explains it.

    `spins` says that a spinner goes before the word in place of `glyph`. `elapsed` and `left` are
    texts; `left` is empty when the time left is not known.
    """

    cluster: str = ""
    word: str = ""
    tone: Tone = "plain"
    glyph: str = ""
    note: str = ""
    spins: bool = False
    done: int = 0
    total: int = 0
    elapsed: str = ""
    left: str = ""


class RunLine(Widget):
    """One line; the parts give way to one another when it is narrow, the count is always there."""

    DEFAULT_CSS = """
    RunLine { width: 1fr; height: 1; padding: 0 2; }
    """

    facts: reactive[RunFacts] = reactive(RunFacts())
    turn: reactive[int] = reactive(0)
    """Which picture of the spinner is shown."""

    def __init__(self, glyphs: Glyphs, **options: Any) -> None:
        super().__init__(**options)
        self._glyphs = glyphs

    def spin(self) -> None:
        """One step further; nothing is drawn when nothing spins."""
        if self.facts.spins:
            self.turn = (self.turn + 1) % len(self._glyphs.spinner)

    def render(self) -> Content | RenderableType:
        return run_line(self.facts, self.content_size.width, self._glyphs, self.turn)


def run_line(facts: RunFacts, width: int, glyphs: Glyphs, turn: int = 0) -> Content:
    """`atlas ⠋ installing … 87 of 143 tasks ━━━╸━━ 6 m 12 s · 4–6 m left` in `width` columns."""
    sign = glyphs.spinner[turn % len(glyphs.spinner)] if facts.spins else facts.glyph
    left = joined([
        toned(facts.cluster, "strong"),
        toned(f"{sign} {facts.word}".strip(), facts.tone),
        toned(facts.note, "dim"),
    ])  # fmt: skip
    tasks = f"{facts.done} of {facts.total} tasks".rjust(2 * len(str(facts.total)) + 10)
    remaining = f"{facts.left} left" if facts.left else ""
    times = joined([toned(facts.elapsed.rjust(8)), toned(remaining, "dim")])
    room = width - left.cell_length - len(tasks) - times.cell_length - 8
    tone: Tone = facts.tone if facts.tone in ("bad", "good", "warn") else "accent"
    size = min(room, max(10, width // 4))
    drawn = bar(facts.done, facts.total, size, glyphs, tone) if room >= 8 else Content("")
    return edges(left, joined([toned(tasks), drawn, times]), width)

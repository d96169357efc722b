"""The top line: where you are, whether it is a rehearsal, and that everything is saved."""

from __future__ import annotations

from typing import Any

from rich.console import RenderableType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from screens.glyphs import Glyphs, toned
from screens.widgets.edges import edges, joined


class TopBar(Widget):
    """One line. `crumbs` is the way here, the last of them is this screen."""

    DEFAULT_CSS = """
    TopBar {
        height: 1;
        width: 1fr;
        padding: 0 2;
        background: $surface;
        color: $foreground;
    }
    """

    crumbs: reactive[tuple[str, ...]] = reactive(())
    rehearsal: reactive[bool] = reactive(False)
    subject: reactive[str] = reactive("")
    """The cluster, or the machine that haui runs on."""
    saved: reactive[str] = reactive("")
    trouble: reactive[str] = reactive("")

    def __init__(self, glyphs: Glyphs, **options: Any) -> None:
        super().__init__(**options)
        self._glyphs = glyphs

    def render(self) -> Content | RenderableType:
        width = self.content_size.width
        return edges(self._way(), joined(self._facts(width)), width)

    def _way(self) -> Content:
        between = toned(f" {self._glyphs.crumb} ", "dim")
        names = [toned("haui", style="bold $primary")]
        names += [toned(name, "dim") for name in self.crumbs[:-1]]
        names += [toned(name, "strong") for name in self.crumbs[-1:]]
        return between.join(names)

    def _facts(self, width: int) -> list[Content]:
        badge = Content.styled(" REHEARSAL ", "bold $warning reverse")
        subject = toned(self.subject, "dim")
        state = toned(self.saved, "dim")
        if self.trouble:
            state = toned(f"{self._glyphs.failed} {self.trouble}", style="bold $error")
        facts = [badge] if self.rehearsal else []
        facts += [subject, state] if width >= 72 else [state]
        return facts

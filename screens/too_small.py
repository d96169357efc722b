"""The notice of a terminal that is too small to show anything safely."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

LEAST_WIDTH, LEAST_HEIGHT = 60, 16


def too_small(width: int, height: int) -> bool:
    """Whether a terminal of that size can't show the screens."""
    return width < LEAST_WIDTH or height < LEAST_HEIGHT


class TooSmallScreen(ModalScreen[None], inherit_bindings=False):
    """Takes every key but those of the app that have priority (quit), so that nothing happens
    unseen. What is beneath stays as it was."""

    def compose(self) -> ComposeResult:
        yield Static(id="notice", markup=False)

    def on_mount(self) -> None:
        self._say(self.app.size.width, self.app.size.height)

    def on_resize(self, event: events.Resize) -> None:
        self._say(event.size.width, event.size.height)

    def _say(self, width: int, height: int) -> None:
        self.query_one("#notice", Static).update(
            Content.assemble(
                ("terminal too small", "bold"),
                f"\nnow {width}x{height}, needs {LEAST_WIDTH}x{LEAST_HEIGHT}",
                ("\n^q quits", "$text-muted"),
            )
        )

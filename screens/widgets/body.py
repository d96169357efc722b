"""What scrolls when there is more than fits."""

from __future__ import annotations

from typing import Any

from textual.containers import VerticalScroll


class Body(VerticalScroll, inherit_bindings=False):
    """Takes no focus and no keys of its own: the focus within moves it, and the screen's keys."""

    def __init__(self, **named: Any) -> None:
        super().__init__(can_focus=False, **named)

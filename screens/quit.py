"""How to leave while something runs: nobody finds out afterwards what went on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from textual.content import Content

from screens.dialog import Ask, Way
from screens.glyphs import UNICODE, Glyphs, toned

Leaving = Literal["watch", "drain", "stop", "leave"]
LEAVINGS: tuple[Leaving, ...] = get_args(Leaving)

WAYS = (
    Way(id="watch", label="Keep watching", key="w", note="Nothing happens."),
    Way(
        id="drain",
        label="Finish the running steps, then stop",
        key="f",
        note="No new step begins. haui leaves when the last of them is done.",
    ),
    Way(
        id="stop",
        label="Stop now",
        key="s",
        note="The running steps are ended on the hosts. Each is looked at again on resume.",
    ),
    Way(
        id="leave",
        label="Leave, the hosts go on",
        key="l",
        note="What has begun on a host runs to its end without haui; no new step begins.",
    ),
)


class QuitDialog(Ask):
    """Four ways, the harmless one first."""

    def __init__(
        self,
        running: Sequence[str],
        resume: str,
        what: str = "An install is running.",
        *,
        glyphs: Glyphs = UNICODE,
    ) -> None:
        """`running` says what runs now, a line each; `resume` is the command that goes on."""
        shown = [*running[:6], *([f"and {len(running) - 6} more"] if len(running) > 6 else [])]
        text = Content.assemble(
            what,
            *[toned(f"\n  {line}", "dim") for line in shown],
            "\n\nNothing is lost either way: ",
            toned(resume, "strong"),
            " goes on.",
        )
        super().__init__("Leave haui?", text, WAYS, glyphs=glyphs)

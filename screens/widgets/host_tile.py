"""One host as a small box: its state in the frame, what it does and how far it is inside. Pure."""

from __future__ import annotations

from typing import Final

from textual.content import Content

from screens.glyphs import TONES, Glyphs, state_text, tone_of, toned
from screens.widgets.hostview import HostView
from screens.widgets.progress import bar, counted

FULL_HEIGHT: Final = 5
COMPACT_HEIGHT: Final = 4
NARROWEST: Final = 25
WIDEST: Final = 46

_CORNERS: Final = {False: "╭╮╰╯─│", True: "++++-|"}


def tile_lines(
    view: HostView, width: int, height: int, glyphs: Glyphs, *, clock: str, selected: bool
) -> list[Content]:
    """The lines of a tile, `height` of exactly `width` columns: frame, step, detail, bar, frame.

    The lowest tile (COMPACT_HEIGHT) leaves out the detail, unless that is why it failed.
    """
    frame = _frame_style(view, selected)
    inner = width - 4
    step = toned(view.step or _idle(view), "plain" if view.status != "waiting" else "dim")
    detail = toned(view.detail, "bad" if view.status == "failed" else "dim")
    if height < FULL_HEIGHT:
        both = view.status in ("failed", "lost") and bool(view.detail)
        inside = [detail if both else step]
    else:
        inside = [step, detail]
    inside.append(_progress(view, inner, glyphs))
    return [
        _top(view, width, glyphs, frame, selected),
        *(_inside(line, inner, glyphs, frame) for line in inside),
        _bottom(view, width, glyphs, frame, clock),
    ]


def _idle(view: HostView) -> str:
    return {"done": "everything is done", "skipped": "left out"}.get(view.status, "")


def _frame_style(view: HostView, selected: bool) -> str:
    if selected:
        return "bold $primary"
    return TONES["bad"] if view.status == "failed" else "$rule"


def _top(view: HostView, width: int, glyphs: Glyphs, frame: str, selected: bool) -> Content:
    corners = _CORNERS[glyphs.ascii]
    state = state_text(view.status, glyphs)
    room = width - 7 - state.cell_length - 2
    name = toned(view.label, style="bold $primary" if selected else "bold")
    name = name.truncate(max(room, 1), ellipsis=True)
    line = max(0, width - 2 - 6 - name.cell_length - state.cell_length)
    return Content.assemble(
        (f"{corners[0]}{corners[4]} ", frame), name, " ", (corners[4] * line, frame), " ", state,
        (f" {corners[4]}{corners[1]}", frame),
    )  # fmt: skip


def _bottom(view: HostView, width: int, glyphs: Glyphs, frame: str, clock: str) -> Content:
    corners = _CORNERS[glyphs.ascii]
    time = f" {clock} " if clock else ""
    room = width - 6 - len(time)
    role = toned(_fitting(view.role, room), "dim").truncate(max(room, 1), ellipsis=True)
    line = max(0, width - 6 - role.cell_length - len(time))
    return Content.assemble(
        (f"{corners[2]}{corners[4]} ", frame), role, " ", (corners[4] * line, frame),
        (time, TONES["dim"]), (f"{corners[4]}{corners[3]}", frame),
    )  # fmt: skip


def _fitting(role: str, room: int) -> str:
    """As many of the roles as there is room for, at least the first."""
    for sign in (" · ", " + "):
        while len(role) > room and sign in role:
            role = role.rpartition(sign)[0]
    return role


def _inside(line: Content, inner: int, glyphs: Glyphs, frame: str) -> Content:
    side = _CORNERS[glyphs.ascii][5]
    if line.cell_length > inner:
        line = line.truncate(inner, ellipsis=True)
    blank = " " * (inner - line.cell_length)
    return Content.assemble((f"{side} ", frame), line, blank, (f" {side}", frame))


def _progress(view: HostView, width: int, glyphs: Glyphs) -> Content:
    count = counted(view.done, view.total)
    tone = tone_of(view.status) if view.status in ("failed", "lost") else "accent"
    if view.total and view.done == view.total:
        tone = "good"
    drawn = bar(view.done, view.total, width - len(count) - 1, glyphs, tone)
    return Content.assemble(drawn, " " if drawn.cell_length else "", toned(count, "dim"))

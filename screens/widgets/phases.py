"""The phases of the run in a line, or as many as it takes: how far each is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from rich.console import RenderableType
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from haui.live.progress import PhaseProgress
from haui.record.state import RunState
from haui.step import Phase, Plan
from screens.glyphs import Glyphs, Tone, toned
from screens.widgets.progress import seconds_of, span_text

GAP = 3


class PhasesLine(Widget):
    """Glyph, name, tasks done of all, and for how long what runs has been running."""

    DEFAULT_CSS = """
    PhasesLine { width: 1fr; height: auto; max-height: 3; padding: 0 2; }
    """

    phases: reactive[tuple[PhaseProgress, ...]] = reactive((), layout=True)
    clocks: reactive[tuple[str, ...]] = reactive(())
    """For each phase how long it took or takes; empty when it has not begun."""

    def __init__(self, glyphs: Glyphs, **options: Any) -> None:
        super().__init__(**options)
        self._glyphs = glyphs

    def render(self) -> Content | RenderableType:
        return Content("\n").join(self._lines(self.content_size.width))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        lines = len(self._lines(width))
        return max(lines, 1 if form_for(self.phases, width) == "all" else 2)

    def _lines(self, width: int) -> list[Content]:
        clocks = self.clocks if len(self.clocks) == len(self.phases) else ("",) * len(self.phases)
        return phase_lines(self.phases, clocks, width, self._glyphs)


Form = Literal["all", "counts", "names"]


def form_for(phases: Sequence[PhaseProgress], width: int) -> Form:
    """all: counts and times, in one line · counts: times only of what goes on, in two lines ·
    names: counts only of what goes on, too. Depends on nothing that changes during a run."""
    most = [_room(phase, counts=True, clock=True) for phase in phases]
    if sum(most) + GAP * (len(phases) - 1) <= width:
        return "all"
    some = [_room(phase, counts=True, clock=False) for phase in phases]
    return "counts" if sum(some) + (GAP + 5) * len(phases) <= 2 * width else "names"


def phase_lines(
    phases: Sequence[PhaseProgress], clocks: Sequence[str], width: int, glyphs: Glyphs
) -> list[Content]:
    """The phases in lines of at most `width`. With times of all, each keeps the room of its widest
    form, so that nothing after it moves."""
    form = form_for(phases, width)
    lines: list[Content] = []
    line, used = Content(""), 0
    for phase, clock in zip(phases, clocks, strict=True):
        going = bool(phase.running or phase.failed)
        item = _item(
            phase,
            glyphs,
            counts=form != "names" or going or 0 < phase.done < phase.total,
            clock=clock if form == "all" or going else "",
        )
        room = _room(phase, counts=True, clock=True) if form == "all" else item.cell_length
        if used and used + GAP + room > width:
            lines.append(line)
            line, used = Content(""), 0
        gap = " " * (GAP if used else 0)
        line = Content.assemble(line, gap, item, " " * max(0, room - item.cell_length))
        used += room + len(gap)
    return [*lines, line] if used else lines


def _room(phase: PhaseProgress, *, counts: bool, clock: bool) -> int:
    counted = 2 * len(str(phase.total)) + 2 if counts else 0
    return 2 + len(phase.phase) + counted + (9 if clock else 0)


def _item(phase: PhaseProgress, glyphs: Glyphs, *, counts: bool, clock: str) -> Content:
    name = phase.phase.replace("-", " ")
    glyph, tone = _sign(phase, glyphs)
    quiet = tone in ("dim", "good")
    return Content.assemble(
        toned(glyph, tone),
        " ",
        toned(name, "dim" if quiet else "strong"),
        toned(f" {phase.done}/{phase.total}" if counts else "", "dim" if quiet else "plain"),
        toned(f" {clock}" if clock else "", "dim"),
    )


def _sign(phase: PhaseProgress, glyphs: Glyphs) -> tuple[str, Tone]:
    if phase.failed:
        return glyphs.failed, "bad"
    if phase.total and phase.done >= phase.total:
        return glyphs.done, "good"
    if phase.running or phase.done:
        return glyphs.here, "accent"
    return glyphs.later, "dim"


def phase_spans(plan: Plan, state: RunState) -> Mapping[Phase, tuple[float, float | None]]:
    """When each phase began and ended, in seconds since 1970, as far as something has begun.

    The end is None as long as a task of the phase is not proved.
    """
    found: dict[Phase, tuple[float, float | None]] = {}
    open_phases: set[Phase] = set()
    for task in plan.tasks:
        view, phase = state.task(task.host.name, task.step.id), task.step.phase
        if not view.proved:
            open_phases.add(phase)
        since = seconds_of(view.since) if view.since else None
        if since is None or view.status in ("skipped", "cancelled"):
            continue
        start, end = since - view.seconds, since
        first, last = found.get(phase, (start, end))
        found[phase] = (min(first, start), max(last or end, end))
    return {
        phase: (start, None if phase in open_phases else end)
        for phase, (start, end) in found.items()
    }


def phase_clocks(
    phases: Sequence[PhaseProgress],
    spans: Mapping[Phase, tuple[float, float | None]],
    now: float,
) -> tuple[str, ...]:
    """How long each phase took or takes until `now`."""
    return tuple(
        span_text((span[1] or now) - span[0]) if (span := spans.get(phase.phase)) else ""
        for phase in phases
    )

"""What the review page says above the plan, and what it asks before the first change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from haui.transport.text import clean_line
from haui.wizard.desk import Desk
from haui.wizard.overrides import overrides_of, place_of
from screens.glyphs import Glyphs, state_text, toned
from screens.widgets.drawing import summary

if TYPE_CHECKING:
    from haui.wizard.inspection import Inspection
    from haui.wizard.review import Review

MOST_NOTES = 3
MOST_NAMED = 6
"""Hosts whose names the question says."""


def count(number: int, thing: str) -> str:
    """`1 host`, `5 hosts`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def span(seconds: tuple[float, float]) -> str:
    """`11–14 min`, `40–50 s`."""
    least, most = seconds
    if most < 90:
        return f"{round(least)}–{round(most)} s"
    low, high = max(1, round(least / 60)), max(1, round(most / 60))
    return f"{low} min" if low == high else f"{low}–{high} min"


def number_lines(
    desk: Desk, review: Review | None, trouble: str, glyphs: Glyphs, *, whole: bool
) -> Content:
    """Two lines: the numbers of the plan, and the cluster in one line, `whole` with its hosts."""
    dot = f" {glyphs.dot} "
    if trouble:
        return state_text("blocks", glyphs, trouble)
    if review is None:
        return Content.assemble(
            state_text("running", glyphs, "laying out the plan …"),
            "\n",
            toned(summary(desk, glyphs), "dim"),
        )
    host = "simulated host" if desk.rehearsal else "host"
    parts = [count(review.hosts, host), count(review.tasks, "task")]
    if review.disruptive:
        parts.append(f"{len(review.disruptive)} disruptive")
    if review.estimate is not None:
        parts.append(f"about {span(review.estimate)}, as earlier installs took")
    spec = review.plan.spec
    where = summary(desk, glyphs) if whole else f"{spec.endpoint.name}:{spec.endpoint.port}"
    what = f"Kubernetes {spec.kubernetes.version}{dot}{where}"
    return Content.assemble((dot.join(parts), "bold"), "\n", toned(what, "dim"))


def note_lines(
    desk: Desk, review: Review | None, inspection: Inspection | None, glyphs: Glyphs
) -> Content:
    """How preflight ended, what is there already, and what is worth a second look."""
    if review is None:
        return Content("")
    lines = [_preflight(desk, inspection, glyphs), *_let_pass(desk, glyphs)]
    if desk.rehearsal:
        lines.append(
            state_text("ok", glyphs, "a rehearsal: nothing outside of this machine is touched")
        )
    if review.unfinished:
        text = "an unfinished install of this name is continued"
        lines.append(state_text("warning", glyphs, text))
    elif review.existing:
        changed = count(len(review.changes), "answer") if review.changes else "no answer"
        text = f"{desk.value(('name',))} is there already, with {changed} changed: tab 5"
        lines.append(state_text("warning", glyphs, clean_line(text)))
    notes = [state_text("warning", glyphs, clean_line(note.what)) for note in desk.notes()]
    lines += notes[:MOST_NOTES]
    if len(notes) > MOST_NOTES:
        lines.append(toned(f"  and {len(notes) - MOST_NOTES} more", "dim"))
    return Content("\n").join(lines)


def _preflight(desk: Desk, inspection: Inspection | None, glyphs: Glyphs) -> Content:
    state = desk.page_state("preflight")
    if state.word == "done":
        found = desk.preflight
        warned, passed = (found.warned, found.overridden) if found else (0, 0)
        tail = f", {count(warned, 'warning')}" if warned else ""
        if passed:
            tail = f" but {count(passed, 'finding')} let pass{tail}"
        word = "overridden" if passed else "ok"
        return state_text(word, glyphs, f"preflight found nothing in the way{tail}")
    if state.word == "attention":
        return state_text(
            "blocks", glyphs, f"preflight: {count(state.problems, 'finding')} in the way: page 6"
        )
    if inspection is not None and inspection.running:
        return state_text("running", glyphs, "preflight still looks at the hosts")
    text = "preflight has not been run for these answers: page 6"
    return state_text("warning", glyphs, text)


def _let_pass(desk: Desk, glyphs: Glyphs) -> list[Content]:
    """What the answers let pass, with the reasons."""
    found = overrides_of(desk.answers)
    lines = [
        toned(f"  {glyphs.passed} {clean_line(place_of(ref))}: {clean_line(str(reason))}", "warn")
        for ref, reason in list(found.items())[:MOST_NOTES]
    ]
    more = len(found) - MOST_NOTES
    return [*lines, toned(f"  and {more} more: tab 5", "dim")] if more > 0 else lines


def install_question(desk: Desk, review: Review, glyphs: Glyphs) -> tuple[str, Content]:
    """Title and text of the last question before the first change."""
    hosts = [host.name for host in review.plan.spec.hosts]
    named = ", ".join(hosts[:MOST_NAMED])
    if len(hosts) > MOST_NAMED:
        named += f" and {len(hosts) - MOST_NAMED} more"
    if desk.rehearsal:
        title = f"Rehearse on {count(len(hosts), 'simulated host')}?"
        return title, toned(f"{named}\n\nNothing outside of this machine is touched.")
    title = f"Change {'this host' if len(hosts) == 1 else f'these {len(hosts)} hosts'}?"
    lines = [named, ""]
    if review.existing:
        name = review.plan.spec.name
        lines.append(f"The cluster {name} is there already. Its users may notice:")
        steps = {row_id.partition("@")[0] for row_id in review.disruptive}
        told = dict.fromkeys(
            task.step.disruptive for task in review.plan.tasks if task.step.id in steps
        )
        lines += [f"  {glyphs.attention} {text}" for text in list(told)[:MOST_NAMED]]
        lines.append("")
    passed = len(overrides_of(desk.answers))
    if passed:
        lines += [f"Let pass, with your name: {count(passed, 'finding')} of preflight.", ""]
    if desk.page_state("preflight").word == "not yet":
        lines += ["Preflight has not looked at them; the install does so first.", ""]
    lines.append("It can be paused and stopped at any moment, and resumed later.")
    return title, toned("\n".join(lines))

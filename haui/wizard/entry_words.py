"""What the welcome page says of an entry: its row, what happened, and what going on will do.

Everything that came from a file is cleaned here: names, hosts and messages in a journal or a draft
may hold anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from haui.record.state import RunState, TaskView
from haui.transport.text import clean_line
from haui.wizard.entries import Entry
from haui.wizard.moments import ago, clock, days_left
from haui.wizard.pages import PAGES, index_of

Tone = Literal["plain", "strong", "dim", "good", "warn", "bad"]

SOON_DAYS = 60
"""A certificate that ends sooner than this is worth a warning."""

_NAME_LENGTH, _WHY_LINES, _FAILURES, _OPEN = 40, 4, 3, 4

_STOPPED: Final[dict[str, tuple[str, str]]] = {
    "": ("stopped", "haui was ended by a lost terminal, a kill or a power cut"),
    "cancelled": ("stopped", "it was stopped by the admin"),
    "failed": ("failed", "a step failed, and what needs it was not begun"),
    "preflight": ("held up", "the preflight found something in the way"),
    "unreachable": ("out of reach", "a host could not be reached"),
    "verification": ("not verified", "the cluster stands, but its verification did not pass"),
}
"""For each outcome of a run that is not finished: words for the row, and half a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line or a paragraph of an entry's story. `indent` is in columns; `sign` is the word of a
    state whose sign stands before the text, or `fix`."""

    text: str
    tone: Tone = "plain"
    indent: int = 0
    sign: str = ""


def name_of(entry: Entry) -> str:
    """The entry's name, safe to show; what stands for it when there is none yet."""
    name = clean_line(entry.name, _NAME_LENGTH).strip()
    return name or ("unnamed" if entry.draft else "?")


def verb_of(entry: Entry) -> str:
    """What choosing it does, in a word or two; for what can't be chosen, how it is."""
    if entry.kind == "held":
        return "Watch"
    if entry.kind == "draft":
        return "In use" if entry.busy else "Go on"
    verbs = {"unfinished": "Resume", "finished": "Cluster", "damaged": "Damaged"}
    return verbs.get(entry.kind, "Broken")


def word_of(entry: Entry) -> str:
    """The state's word, which has a sign and a colour."""
    if entry.kind == "unfinished":
        outcome = entry.state.outcome if entry.state else ""
        return "stopped" if outcome in ("", "cancelled") else "failed"
    gone = entry.state is not None and entry.state.gone
    words = {
        "held": "running",
        "finished": "not yet" if gone else "verified",
        "draft": "running" if entry.busy else "not yet",
    }
    return words.get(entry.kind, "wrong")


def note_of(entry: Entry, now: datetime) -> str:
    """What the row says behind the name."""
    if entry.kind in ("damaged", "broken draft"):
        return clean_line(entry.problem.replace(f"{entry.path.parent}/", ""), 200)
    parts = ["rehearsal"] if entry.rehearsal else []
    if entry.kind == "draft":
        parts += _draft_parts(entry, now)
    elif entry.kind == "held":
        parts.append(f"held by {clean_line(str(entry.owner), 120)}")
    elif entry.kind == "finished":
        parts += _finished_parts(entry, now)
    else:
        parts += _unfinished_parts(entry, now)
    return " · ".join(part for part in parts if part)


def story_of(entry: Entry, now: datetime) -> tuple[Line, ...]:
    """What happened to it, and what choosing it does."""
    if entry.kind == "damaged":
        return tuple(_damaged(entry))
    if entry.kind == "broken draft":
        return (
            Line(text=clean_line(entry.problem), tone="bad"),
            Line(text="haui leaves the file alone: mend it, or move it away. d discards it."),
        )
    if entry.kind == "draft":
        return tuple(_draft(entry, now))
    if entry.kind == "held":
        return tuple(_held(entry, now))
    if entry.kind == "finished":
        return tuple(_finished(entry, now))
    return tuple(_unfinished(entry, now))


def place_of(state: RunState) -> str:
    """Where a run stopped, `cp-b join`: the change with an unknown end, else the last failure."""
    open_ = [(host, step) for host, step, _ in state.open_attempts()]
    failed = [(host, step) for host, step, _ in _failures(state)]
    for host, step in (open_ or failed)[:1]:
        name = clean_line(host, _NAME_LENGTH)
        # A host is held up by what was found on it, whichever step has found it.
        return name if step.startswith("preflight.") else f"{name} {_short(step)}"
    return ""


def _short(step: str) -> str:
    return clean_line(step.rpartition(".")[2].replace("_", " "), _NAME_LENGTH)


def _unfinished_parts(entry: Entry, now: datetime) -> Iterator[str]:
    state = entry.state
    if state is not None and state.purpose == "reset":
        yield "reset"
    if state is None:
        yield f"stopped {ago(entry.at, now)}" if entry.at else "…"
        return
    if not state.run:
        yield "not begun: only its cluster file is there"
        return
    yield f"{state.done} of {state.total} tasks"
    place = place_of(state)
    at = f" at {place}" if place else ""
    yield f"{_stopped(state)[0]} {ago(entry.at, now)}{at}"


def _finished_parts(entry: Entry, now: datetime) -> Iterator[str]:
    done = "rehearsed" if entry.rehearsal else "verified"
    if entry.state is not None and entry.state.purpose == "reset":
        done = entry.state.word
    yield f"{done} {ago(entry.at, now)}"
    if entry.ends is not None:
        left = days_left(entry.ends, now)
        yield f"certificates expire in {left} d" if left >= 0 else "certificates have expired"


def _draft_parts(entry: Entry, now: datetime) -> Iterator[str]:
    draft = entry.draft
    assert draft is not None, "a draft that can be read"
    yield f"page {index_of(draft.page) + 1} of {len(PAGES)}"
    saved = clock(draft.saved, now)
    yield f"saved {saved}" if saved else ""
    yield "open in another haui" if entry.busy else ""


def _stopped(state: RunState) -> tuple[str, str]:
    return _STOPPED.get(state.outcome, _STOPPED[""])


def _failures(state: RunState) -> list[tuple[str, str, TaskView]]:
    """Failed tasks, the last one first."""
    found = [
        (host, step, view)
        for host, views in state.tasks.items()
        for step, view in views.items()
        if view.status == "failed"
    ]
    return sorted(found, key=lambda item: item[2].since, reverse=True)


def _unfinished(entry: Entry, now: datetime) -> Iterator[Line]:
    state = entry.state
    if state is None:
        yield Line(text="Its journal is being read.", tone="dim")
        return
    name = name_of(entry)
    if not state.run:
        yield Line(text=f"{name} was prepared and never begun: nothing has been changed.")
        yield Line(text="Resuming begins it.", tone="dim")
        return
    hosts = f"{len(state.hosts)} host{'' if len(state.hosts) == 1 else 's'}"
    done = f"{state.done} of {state.total} tasks on {hosts} are done."
    reset = state.purpose == "reset"
    what = f"The reset of {name}" if reset else name
    yield Line(text=f"{what} is not finished: {done}", tone="strong")
    yield Line(text=f"{ago(entry.at, now)} {_stopped(state)[1]}.".strip().capitalize())
    yield from _failed_lines(state)
    yield from _open_lines(state)
    left = state.total - state.done
    goes_on = f"Resuming looks at these {state.done} again and goes on with the other {left}."
    yield Line(text=goes_on, tone="dim")


def _failed_lines(state: RunState) -> Iterator[Line]:
    failures = _failures(state)
    for host, step, view in failures[:_FAILURES]:
        title = clean_line(view.title or step, 80)
        yield Line(text=f"{clean_line(host, _NAME_LENGTH)}: {title}", tone="bad", sign="failed")
        if view.problem is not None:
            yield Line(text=clean_line(view.problem.what, 400), indent=2)
            for why in view.problem.why.splitlines()[:_WHY_LINES]:
                yield Line(text=clean_line(why, 200), tone="dim", indent=4)
            if view.problem.fix:
                fix = clean_line(view.problem.fix.splitlines()[0], 300)
                yield Line(text=fix, indent=2, sign="fix")
    more = len(failures) - _FAILURES
    if more > 0:
        yield Line(text=f"and {more} more failed", tone="bad")


def _open_lines(state: RunState) -> Iterator[Line]:
    attempts = state.open_attempts()
    for host, step, _ in attempts[:_OPEN]:
        where = f"{clean_line(host, _NAME_LENGTH)}: {clean_line(step, 80)}"
        told = f"{where}, unknown: resuming re-attaches to it"
        yield Line(text=told, tone="warn", sign="unknown")
    if len(attempts) > _OPEN:
        yield Line(text=f"and {len(attempts) - _OPEN} more with an unknown end", tone="warn")


def _held(entry: Entry, now: datetime) -> Iterator[Line]:
    name = name_of(entry)
    if entry.mine:
        yield Line(text=f"This haui works on {name}.", tone="strong")
        return
    yield Line(text=f"Another haui works on {name}.", tone="strong")
    yield Line(text=f"It is {clean_line(str(entry.owner), 200)}.")
    if entry.state is not None and entry.state.total:
        done = f"{entry.state.done} of {entry.state.total} tasks are done"
        yield Line(text=f"{done}; the last record was {ago(entry.at, now)}.")
    yield Line(text="Choosing it watches the run and changes nothing; `haui attach "
               f"{name}` does so, too. Only one haui works on a cluster at a time.",
               tone="dim")  # fmt: skip


def _damaged(entry: Entry) -> Iterator[Line]:
    yield Line(text=f"The journal of {name_of(entry)} is damaged.", tone="strong")
    yield Line(text=clean_line(entry.problem), tone="bad")
    for line in entry.fix.splitlines():
        yield Line(text=clean_line(line))
    yield Line(text="Without it haui does not know what was done, and changes nothing.", tone="dim")


def _draft(entry: Entry, now: datetime) -> Iterator[Line]:
    draft = entry.draft
    assert draft is not None, "a draft that can be read"
    page = PAGES[index_of(draft.page)]
    name = clean_line(draft.name, _NAME_LENGTH) or "A cluster without a name yet"
    kind = "answers for a rehearsal" if entry.rehearsal else "answers, nothing has been changed"
    yield Line(text=f"{name}: {kind}.", tone="strong")
    hosts = draft.answers.get("hosts")
    count = len(hosts) if isinstance(hosts, list) else 0
    origin = f", begun from {clean_line(draft.origin, 60)}" if draft.origin else ""
    saved = ago(draft.saved, now)
    told = f"{count} host{'' if count == 1 else 's'} so far" if count else "no hosts yet"
    yield Line(text=f"{told}{origin}" + (f"; saved {saved}." if saved else "."))
    if entry.busy:
        yield Line(text="Another haui has it open. It can be opened here when that one has ended.",
                   tone="warn")  # fmt: skip
        return
    yield Line(text=f"Goes on at page {index_of(page.id) + 1}, {page.title}. d discards it.",
               tone="dim")  # fmt: skip


def _finished(entry: Entry, now: datetime) -> Iterator[Line]:
    state, name = entry.state, name_of(entry)
    if state is not None and state.purpose == "reset":
        yield from _reset(state, name, ago(entry.at, now))
        return
    if entry.rehearsal:
        yield Line(text=f"The rehearsal {name} was finished {ago(entry.at, now)}.", tone="strong")
    else:
        yield Line(text=f"{name} is up; it was verified {ago(entry.at, now)}.", tone="strong")
    if state is not None:
        yield Line(text=f"{state.done} tasks on {len(state.hosts)} hosts.")
    if entry.ends is not None:
        left = days_left(entry.ends, now)
        tone: Tone = "bad" if left < 0 else "warn" if left < SOON_DAYS else "plain"
        what = f"expire in {left} d" if left >= 0 else "have expired"
        yield Line(text=f"The certificates {what}, on {entry.ends:%Y-%m-%d}.", tone=tone)
    yield Line(text="v verifies it again, s shows the report of its install, e makes a preset of "
               "its shape.", tone="dim")  # fmt: skip


def _reset(state: RunState, name: str, when: str) -> Iterator[Line]:
    hosts = ", ".join(clean_line(host, _NAME_LENGTH) for host in state.hosts)
    if state.partial:
        yield Line(text=f"{name} goes on without {hosts}, reset {when}.", tone="strong")
        return
    yield Line(text=f"{name} was reset {when}: its hosts are as they were before.", tone="strong")
    yield Line(text=f"Given back: {hosts}.")
    yield Line(text="s shows the report of the reset, e makes a preset of its shape to install it "
               "again.", tone="dim")  # fmt: skip

"""What the first line and the last line of a run say. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from haui.live.attached import AttachedRun
from haui.live.run import LiveRun
from haui.transport.text import clean_line
from screens.glyphs import Glyphs, Tone
from screens.wayout import resume_command
from screens.widgets.progress import range_text, seconds_of, span_text
from screens.widgets.runline import RunFacts

DOING: Final = {
    "apply": "installing",
    "resume": "resuming",
    "preflight": "checking",
    "verify": "verifying",
    "reset": "resetting",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run ended, and what to do now."""

    text: str
    advice: str
    tone: Tone
    title: str
    """For the terminal's title."""


def began(live: LiveRun) -> float | None:
    """When this session began, in seconds since 1970: a resumed run began at its first contact."""
    state = live.state
    if state.sessions <= 1:
        return seconds_of(state.started_at)
    contacts = [seconds_of(each.since) for each in state.connections.values()]
    return min((moment for moment in contacts if moment is not None), default=None)


def elapsed(live: LiveRun, now: float) -> str:
    """For how long the run has been going on, or how long it took."""
    if live.ended:
        seconds = live.result.seconds if live.result else live.state.seconds
        return span_text(seconds) if seconds else ""
    start = began(live)
    return span_text(now - start) if start is not None else ""


def lost_hosts(live: LiveRun) -> list[str]:
    """The hosts whose connection is gone."""
    return [host for host, connection in live.state.connections.items() if not connection.up]


def changing(live: LiveRun) -> int:
    """How many tasks are changing a host now."""
    return sum(
        view.status == "running" and view.changing
        for views in live.state.tasks.values()
        for view in views.values()
    )


def count_of(live: LiveRun) -> tuple[int, int]:
    """How many tasks of the plan are done, and how many it has.

    The state's own count has what an earlier session proved, too: a resumed run looks at fewer.
    """
    phases = live.phases()
    return sum(phase.done for phase in phases), sum(phase.total for phase in phases)


def run_facts(
    live: LiveRun, now: float, left: tuple[float, float] | None, glyphs: Glyphs
) -> RunFacts:
    """The first line at this moment."""
    word, tone, glyph, note, spins = _word(live, glyphs)
    done, total = count_of(live)
    remaining = ""
    if left is not None and not live.ended and not live.controls.paused:
        remaining = range_text(*left)
        remaining = remaining.replace("–", "-") if glyphs.ascii else remaining
    return RunFacts(
        cluster=clean_line(live.spec.name, 64),
        word=word,
        tone=tone,
        glyph=glyph,
        note=note,
        spins=spins,
        done=done,
        total=total,
        elapsed=elapsed(live, now),
        left=remaining,
    )


def _word(live: LiveRun, glyphs: Glyphs) -> tuple[str, Tone, str, str, bool]:
    """Word, tone, glyph, note, and whether it spins."""
    if live.ended:
        end = ending(live)
        glyph = {"good": glyphs.done, "bad": glyphs.failed}.get(end.tone, glyphs.attention)
        return end.title, end.tone, glyph, "", False
    if live.controls.stopping_now:
        return "stopping now", "warn", "", "what runs is ended on the hosts", True
    if live.controls.stopping:
        return "stopping", "warn", "", _finishing(live), True
    if live.controls.paused:
        note = _finishing(live) or "nothing new begins; p goes on"
        return "paused", "warn", glyphs.paused, note, False
    waiting = len(live.undecided)
    if waiting:
        what = "a failure waits" if waiting == 1 else f"{waiting} failures wait"
        return f"{what} for you", "bad", glyphs.failed, "F shows it", False
    doing = DOING.get(live.kind, live.kind)
    if isinstance(live, AttachedRun):
        return _watching(live, doing, glyphs)
    return doing, "accent", glyphs.here, reconnecting(lost_hosts(live)), True


def _watching(live: AttachedRun, doing: str, glyphs: Glyphs) -> tuple[str, Tone, str, str, bool]:
    """What another process does, and which one that is."""
    owner = live.owner
    who = f"{owner.command}, process {owner.pid}" if owner else ""
    if live.waiting:
        return "waiting", "warn", glyphs.paused, f"{who} has put nothing on record yet", False
    lost = reconnecting(lost_hosts(live))
    note = f" {glyphs.dot} ".join(
        part for part in ("read only", clean_line(who, 120), lost) if part
    )
    return doing, "accent", glyphs.here, note, True


def _finishing(live: LiveRun) -> str:
    count = changing(live)
    if not count:
        return ""
    return "1 task finishes first" if count == 1 else f"{count} tasks finish first"


def reconnecting(lost: Iterable[str]) -> str:
    """`cp-2 reconnecting`, or how many are."""
    names = [clean_line(name, 64) for name in lost]
    if not names:
        return ""
    return f"{names[0]} reconnecting" if len(names) == 1 else f"{len(names)} hosts reconnecting"


def ending(live: LiveRun) -> Ending:
    """How it ended; for a run that has."""
    name, again = clean_line(live.spec.name, 64), resume_command(live)
    if live.error is not None:
        why = f"{live.error.what}"
        advice = live.error.fix or again
        return Ending(text=clean_line(why, 300), advice=advice, tone="bad", title="ended")
    outcome = live.result.outcome if live.result else "cancelled"
    if outcome == "ok":
        text = f"{name}: everything is as it must be"
        if live.on_record:
            text = f"{name} is {'up' if live.installs else 'reset'}"
        return Ending(text=text, advice="enter goes on to the result", tone="good", title="done")
    if outcome == "cancelled":
        text = f"{name} was stopped; nothing is lost"
        return Ending(text=text, advice=f"resume with {again}", tone="warn", title="stopped")
    text = f"{name}: {_failed(live)}"
    return Ending(text=text, advice=f"correct it, then {again}", tone="bad", title="failed")


def _failed(live: LiveRun) -> str:
    failed = live.result.failed if live.result else ()
    if not failed:
        return "it is not finished"
    first = failed[0]
    more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
    return clean_line(f"{first.host}: {first.problem.what}{more}", 300)


def title_text(live: LiveRun) -> str:
    """What the terminal's title says: `haui: atlas 87/143`, and failures first."""
    name, count = clean_line(live.spec.name, 64), "{}/{}".format(*count_of(live))
    if live.ended:
        return f"haui: {name} {ending(live).title}"
    waiting = len(live.undecided)
    return f"haui: {name} {waiting} failed ({count})" if waiting else f"haui: {name} {count}"

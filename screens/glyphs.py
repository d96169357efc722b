"""Signs: every state is a glyph, a word and a colour, so that no one of them has to carry it.

`UNICODE` and `ASCII` hold the same names. Which of them a terminal gets is decided once, in
screens.startup; screens take them from the world.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from textual.content import Content

from haui.transport.text import clean_text

Tone = Literal["plain", "strong", "dim", "accent", "here", "good", "warn", "bad"]

TONES: Final[dict[Tone, str]] = {
    "plain": "",
    "strong": "bold",
    "dim": "$text-muted",
    "accent": "$primary",
    "here": "bold $primary",
    "good": "$success",
    "warn": "$warning",
    "bad": "$error",
}
"""The style of each tone, for Content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """One column each, but for `chosen`, `unchosen`, `arrows` and `ellipsis`."""

    ascii: bool = False
    here: str = "●"
    done: str = "✓"
    failed: str = "✗"
    attention: str = "!"
    later: str = "○"
    waiting: str = "·"
    skipped: str = "–"
    repair: str = "⚒"
    passed: str = "»"
    note: str = "i"
    paused: str = "‖"
    unknown: str = "?"
    locked: str = "◆"
    pointer: str = "▸"
    opened: str = "▾"
    bar: str = "▌"
    crumb: str = "›"
    back: str = "‹"
    dot: str = "·"
    arrow: str = "→"
    ellipsis: str = "…"
    chosen: str = "◉"
    unchosen: str = "○"
    line: str = "─"
    stroke: str = "━"
    arrows: str = "↑↓"
    sides: str = "←→"
    enter: str = "enter"
    spinner: tuple[str, ...] = ("⠋", "⠙", "⠸", "⠴", "⠦", "⠇")


UNICODE: Final = Glyphs()

ASCII: Final = Glyphs(
    ascii=True,
    here="*",
    done="+",
    failed="x",
    later="o",
    waiting=".",
    skipped="-",
    repair="~",
    passed="^",
    paused="=",
    locked="#",
    pointer=">",
    opened="v",
    bar="|",
    crumb=">",
    back="<",
    dot="-",
    arrow="->",
    ellipsis="...",
    chosen="(*)",
    unchosen="( )",
    line="-",
    stroke="=",
    arrows="up/down",
    sides="left/right",
    spinner=("|", "/", "-", "\\"),
)

STATES: Final[dict[str, tuple[str, Tone]]] = {
    "here": ("here", "accent"),
    "done": ("done", "good"),
    "attention": ("attention", "warn"),
    "not yet": ("later", "dim"),
    "not needed": ("skipped", "dim"),
    "ok": ("done", "good"),
    "ready": ("done", "good"),
    "verified": ("done", "good"),
    "running": ("here", "accent"),
    "checking": ("here", "accent"),
    "connecting": ("here", "accent"),
    "waiting": ("waiting", "dim"),
    "pending": ("waiting", "dim"),
    "paused": ("paused", "warn"),
    "stopped": ("paused", "warn"),
    "skipped": ("skipped", "dim"),
    "warning": ("attention", "warn"),
    "unknown": ("unknown", "warn"),
    "lost": ("unknown", "warn"),
    "haui will do": ("repair", "accent"),
    "overridden": ("passed", "warn"),
    "info": ("note", "plain"),
    "blocks": ("failed", "bad"),
    "failed": ("failed", "bad"),
    "wrong": ("failed", "bad"),
}
"""For each state's word: the name of its glyph, and its tone."""


def tone_of(word: str) -> Tone:
    """The tone of a state; an unknown word is plain."""
    return STATES.get(word, ("", "plain"))[1]


def glyph_of(word: str, glyphs: Glyphs = UNICODE) -> str:
    """The glyph of a state; an unknown word has a blank one."""
    name = STATES.get(word, ("", "plain"))[0]
    return str(getattr(glyphs, name)) if name else " "


def state_text(word: str, glyphs: Glyphs = UNICODE, text: str | None = None) -> Content:
    """Glyph, word and colour of a state. `text` stands for the word where another one fits better;
    it is never read as markup."""
    style = TONES[tone_of(word)]
    shown = word if text is None else text
    return toned(f"{glyph_of(word, glyphs)} {shown}".rstrip(), style=style)


def state_glyph(word: str, glyphs: Glyphs = UNICODE) -> Content:
    """Only the coloured glyph, for tables whose head or legend says the word."""
    return toned(glyph_of(word, glyphs), style=TONES[tone_of(word)])


def toned(text: str, tone: Tone = "plain", *, style: str = "") -> Content:
    """Text in a tone. Never read as markup; terminal escapes and control characters are taken out,
    so that it may come from outside."""
    found, clean = style or TONES[tone], clean_text(text)
    return Content.styled(clean, found) if found else Content(clean)

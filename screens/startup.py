"""What the terminal can do, found out once before the first screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from screens.glyphs import ASCII, UNICODE, Glyphs

BARE = ("linux", "vt100", "vt102", "vt220", "ansi", "cons25")
"""Terminals with sixteen colours or fewer and a small font."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looks:
    """Signs and theme for a terminal, and advice that is worth a line on the welcome page."""

    glyphs: Glyphs
    theme: str
    advice: str = ""


def looks_for(environ: Mapping[str, str], encoding: str, theme: str = "") -> Looks:
    """Signs need a UTF-8 locale and a terminal with the font for them; colours more than sixteen.

    `encoding` is that of standard output. `theme` is the admin's own wish.
    """
    term = environ.get("TERM", "")
    bare = term in BARE
    utf8 = encoding.lower().replace("-", "").replace("_", "") == "utf8"
    few = bare or (
        "256" not in term
        and environ.get("COLORTERM", "") not in ("truecolor", "24bit")
        and term in ("xterm", "screen", "tmux", "rxvt", "xterm-color", "xterm-16color")
    )
    return Looks(
        glyphs=UNICODE if utf8 and not bare else ASCII,
        theme=theme or ("haui-ansi" if few else "haui"),
        advice=_advice(environ),
    )


def _advice(environ: Mapping[str, str]) -> str:
    remote = environ.get("SSH_CONNECTION") and not (environ.get("TMUX") or environ.get("STY"))
    if not remote:
        return ""
    return (
        "You are here over SSH without tmux or screen. If the connection drops, the hosts finish "
        "what they began, and `haui resume` goes on."
    )

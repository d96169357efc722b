"""Before the first screen: what the terminal can do, and the world that the screens are given."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from haui.preset import own_folder
from haui.record.store import state_root
from haui.wizard.drafts import DraftBook
from screens.glyphs import ASCII, UNICODE, Glyphs
from screens.world import World

if TYPE_CHECKING:
    from haui.live.site import Site

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


def make_world(make_site: Callable[[bool], Site], glyphs: Glyphs = UNICODE) -> World:
    """This machine's world. `make_site` gets whether it is for a rehearsal; it is called late, so
    that what it imports delays no screen."""
    root = state_root()
    return World(
        now=lambda: datetime.now(UTC),
        root=root,
        drafts=DraftBook(root),
        presets_folder=own_folder(),
        make_site=make_site,
        glyphs=glyphs,
        hostname=socket.gethostname().partition(".")[0],
    )

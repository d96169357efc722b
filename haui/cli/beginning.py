"""What the command line says of the wizard's beginning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What the command line says of the beginning.

    `preset` is a preset's name or a file, `hosts` how many are simulated in a rehearsal (None: as
    the preset says), `faults` and `speed` are a rehearsal's. `theme` is a wish, `mouse` whether the
    terminal's mouse is taken. `attach` is a cluster whose run is watched, `rehearsals/NAME` for a
    rehearsal's.
    """

    plain: bool = False
    preset: str = ""
    rehearsal: bool = False
    hosts: int | None = None
    speed: float = 10.0
    faults: tuple[str, ...] = ()
    theme: str = ""
    mouse: bool = True
    attach: str = ""


def is_plain(start: Start, environ: Mapping[str, str], *, terminal: bool) -> bool:
    """Whether questions are asked one after the other instead of on pages."""
    accessible = environ.get("ACCESSIBLE", "") not in ("", "0")
    return start.plain or accessible or environ.get("TERM") == "dumb" or not terminal

"""The ways to begin a cluster, as the welcome page offers them."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Literal

from haui.wizard.entry_words import Line
from haui.wizard.pages import PAGES

WayId = Literal["new", "presets", "rehearse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """One way to begin: its name, what stands behind it, and what it is."""

    id: WayId
    label: str
    note: str
    story: tuple[Line, ...]


def beginnings(presets_folder: Path) -> tuple[Beginning, ...]:
    """All ways to begin. Presets are counted by their files; none is read."""
    return (
        Beginning(
            id="new",
            label="New cluster",
            note=f"{len(PAGES)} pages of questions, answered in any pace",
            story=(
                Line(text="A cluster from nothing.", tone="strong"),
                Line(
                    text="Each page asks one thing and says what the answer survives. A preflight "
                    "looks at every host, a review shows every change; no host is changed before "
                    "you say so there. Answers are saved as you give them."
                ),
            ),
        ),
        Beginning(
            id="presets",
            label="From a preset",
            note=_counted(presets_folder),
            story=(
                Line(text="A cluster whose shape is chosen already.", tone="strong"),
                Line(
                    text="A preset answers everything but names and addresses, and each of its "
                    "answers can still be changed. Yours are files in"
                ),
                Line(text=str(presets_folder), tone="dim", indent=2),
            ),
        ),
        Beginning(
            id="rehearse",
            label="Rehearse",
            note="the whole install on simulated hosts, nothing to lose",
            story=(
                Line(text="The same pages, steps and journal, on simulated hosts.", tone="strong"),
                Line(
                    text="They live on this machine for as long as haui does and are as many as "
                    "you like. Steps can fail there as they do on real hosts, and be tried again."
                ),
            ),
        ),
    )


def _counted(folder: Path) -> str:
    """`10 built in · 2 of yours`."""
    shipped = sum(entry.name.endswith(".yaml") for entry in resources.files("presets").iterdir())
    try:
        own = sum(path.suffix == ".yaml" for path in folder.iterdir())
    except OSError:
        own = 0
    return f"{shipped} built in" + (f" · {own} of yours" if own else "")

"""Worlds for screens under test: folders of their own, a clock that stands still."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from haui.app import HauiApp
from haui.live.site import RehearsalSite
from haui.preset import rehearsal_spec
from haui.wizard.drafts import DraftBook
from haui.wizard.pages import PAGES, PageId, index_of
from screens.glyphs import ASCII, UNICODE
from screens.routes import ROUTES
from screens.world import World

NOW = datetime(2026, 11, 21, 10, 43, tzinfo=UTC)

HOSTILE = (
    "err [/foo] x",
    "a [bold red]boo[/] b",
    "[@click=app.quit]x[/]",
    "[12:00:01] 10.0.0.5: [ERROR] [/",
    "\x1b[31mred\x1b[0m \x1b]52;c;aGVsbG8=\x07 \x9b2J",
    "\u202egnp.exe\u202c \u0627\u0644\u0639\u0631\u0628\u064a\u0629",
    "宽字符 and \u0301combining",
)
"""Texts from outside that a screen has to show as they are, or cleaned, and never act on."""


def complete_answers(preset: str | None = None, hosts: int | None = None) -> dict[str, Any]:
    """Answers without a problem: a preset's shape with addresses, by default five hosts."""
    spec = rehearsal_spec(preset, hosts) if preset else rehearsal_spec(hosts=hosts)
    answers = spec.model_dump(mode="json", exclude_defaults=True)
    answers["hosts"] = [host.model_dump(mode="json", exclude_defaults=True) for host in spec.hosts]
    return answers | {"name": "atlas"}


def make_world(
    folder: Path,
    *,
    answers: Mapping[str, Any] | None = None,
    page: PageId | None = None,
    rehearsal: bool = False,
    ascii_only: bool = False,
) -> World:
    """A world below `folder`. With `page` there are answers on the desk and that page is reached,
    with all before it."""
    root = folder / "state"
    world = World(
        now=lambda: NOW,
        root=root,
        drafts=DraftBook(root, now=lambda: NOW),
        presets_folder=folder / "presets",
        make_site=lambda _: RehearsalSite(root / "rehearsals", speed=1000, in_process=True),
        glyphs=ASCII if ascii_only else UNICODE,
        hostname="bastion",
    )
    if page is not None or answers is not None:
        world.desk = world.drafts.new(answers or {}, rehearsal=rehearsal)
        for known in PAGES[: index_of(page or "topology") + 1]:
            world.desk.visit(known.id)
    return world


def make_app(
    world: World,
    first: str = "",
    *,
    argument: str = "",
    theme: str = "haui",
    routes: Mapping[str, str] | None = None,
) -> HauiApp:
    """The app on that world; it begins with the page on the desk, or with `first`. `routes` are
    added to the real ones."""
    shown = first or (world.desk.draft.page if world.desk else "welcome")
    app = HauiApp(
        world, theme=theme, first=shown, argument=argument, routes={**ROUTES, **(routes or {})}
    )
    app.animation_level = "none"
    return app

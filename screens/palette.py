"""What the command palette finds: the actions of the screen, the pages and the themes."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.command import DiscoveryHit, Hit, Hits, Provider

from haui.wizard.pages import PAGES
from screens.actions import REGISTRY, Action, key_text
from screens.messages import GoTo, ShowScreen
from screens.page import WizardPage
from screens.shell import Shell
from screens.theme import THEMES

Command = tuple[str, str, Any]
"""What it is called, one line about it, and what it calls."""


class HauiCommands(Provider):
    """Everything here has a key or a button, too; the palette is for those who search by name."""

    async def discover(self) -> Hits:
        for name, about, call in self._commands():
            yield DiscoveryHit(name, call, help=about)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for name, about, call in self._commands():
            score = matcher.match(name)
            if score > 0:
                yield Hit(score, matcher.highlight(name), call, help=about)

    def _commands(self) -> Iterator[Command]:
        screen, app = self.screen, self.app
        for key, active in screen.active_bindings.items():
            action = REGISTRY.get(active.binding.id or "")
            if action and action.help and active.enabled and _in_palette(action, key):
                run = partial(app.run_action, active.binding.action, active.node)
                yield action.label.capitalize(), f"{action.help} ({key_text(action)})", run
        if isinstance(screen, Shell) and _has_answers(screen):
            show = partial(screen.post_message, ShowScreen("export", over=True))
            yield (
                "Make preset",
                "Save the answers as a preset, without addresses and secrets.",
                show,
            )
        if isinstance(screen, WizardPage):
            desk = screen.desk
            for page in PAGES:
                if page.id != screen.page and desk.may_go(page.id):
                    go = partial(screen.post_message, GoTo(page.id))
                    yield f"Go to {page.title}", page.question, go
        for theme in THEMES:
            if theme.name != app.theme:
                yield (
                    f"Theme {theme.name}",
                    _THEME_NOTES[theme.name],
                    partial(setattr, app, "theme", theme.name),
                )


def _in_palette(action: Action, key: str) -> bool:
    """Only what is not about the place of the focus, once for all its keys."""
    within = action.group in ("Choices", "Fields", "Window", "Pages")
    useless = action.id in ("app.palette", "shell.copy", "shell.back")
    return (
        bool(action.label)
        and not within
        and not useless
        and key == action.key.split(",")[0].strip()
    )


def _has_answers(screen: Shell) -> bool:
    """Whether there are answers to make a preset of, and no key of the screen's for it."""
    world = screen.world
    return (world.desk or world.live) is not None and not hasattr(screen, "action_export")


_THEME_NOTES = {
    "haui": "Dark and calm.",
    "haui-light": "For bright rooms.",
    "haui-ansi": "The terminal's own sixteen colours and background.",
}

"""The table of keys in docs/wizard.md: `python -m tests.tools.keys` writes it anew.

It is made from the registry of actions, the same as the help page, so that no key is promised that
is not there. With `--check` nothing is written; the exit code says whether the table is current.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Final

import screens
from screens.actions import REGISTRY, Action, key_text

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "wizard.md"
BEGIN, END = "<!-- keys: begin -->", "<!-- keys: end -->"

PLACES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("Everywhere", ("app", "shell")),
    ("Windows", ("dialog", "help")),
    ("Start", ("entries", "welcome")),
    ("Presets", ("presets", "export")),
    ("On every page of the wizard", ("page", "pages")),
    ("In fields", ("text", "choice", "check", "yesno", "fold", "path", "secret")),
    ("Hosts", ("hostlist", "hostform", "hostpaste", "hostimport", "hostroles")),
    ("Access", ("keys",)),
    ("Preflight", ("preflight", "fixes", "matrix", "evidence")),
    ("Review", ("review", "plan", "file")),
    ("The install", ("run", "hosts")),
    ("The line at the bottom", ("prompt",)),
    ("A failure", ("failure",)),
    ("Logs", ("log", "log-page", "log-screen")),
    ("Result", ("result", "report")),
)
"""Headings, and how the ids of the actions below them begin."""


def all_actions() -> list[Action]:
    """Every action there is, those of the app included."""
    import_module("haui.app")
    for module in walk_packages(screens.__path__, "screens."):
        import_module(module.name)
    return list(REGISTRY.values())


def table(actions: Iterable[Action]) -> str:
    """The actions that have a help as Markdown, below their headings."""
    described = [action for action in actions if action.help]
    parts: list[str] = []
    placed: set[str] = set()
    for heading, prefixes in PLACES:
        found = [
            action
            for prefix in prefixes
            for action in described
            if action.id.rpartition(".")[0] == prefix
        ]
        placed.update(action.id for action in found)
        parts += _part(heading, found)
    rest: dict[str, list[Action]] = {}
    for action in described:
        if action.id not in placed:
            rest.setdefault(action.group, []).append(action)
    for group, found in rest.items():
        parts += _part(group, found)
    return "\n".join(parts)


def _part(heading: str, actions: Iterable[Action]) -> list[str]:
    rows = list(dict.fromkeys(f"| {_keys(action)} | {_cell(action.help)} |" for action in actions))
    return [f"### {heading}", "", "| key | what it does |", "|---|---|", *rows, ""] if rows else []


def _keys(action: Action) -> str:
    return " ".join(f"`{_cell(key)}`" for key in key_text(action).split())


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def renewed(document: str) -> str:
    """The document with the table as it is now. Raises ValueError without the marks."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{BEGIN} and {END} are missing")
    return f"{before}{BEGIN}\n\n{table(all_actions())}\n{END}{after}"


def main() -> int:
    """Write the table, or say whether it is current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    chosen = parser.parse_args()
    now = DOCUMENT.read_text("utf-8")
    wanted = renewed(now)
    if chosen.check:
        if now != wanted:
            print("docs/wizard.md is stale: python -m tests.tools.keys", file=sys.stderr)
        return int(now != wanted)
    DOCUMENT.write_text(wanted, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

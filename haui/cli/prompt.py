"""Questions at the terminal, outside of the wizard: yes or no, and secrets."""

from __future__ import annotations

import os
import sys

from haui.transport.credentials import SecretName


def at_terminal() -> bool:
    """Whether a person can answer: stdin and stderr are terminals and the terminal is not dumb."""
    return sys.stdin.isatty() and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"


def ask_yes(question: str) -> bool:
    """Yes or no; no is the default and what an interrupt means."""
    import questionary

    return bool(questionary.confirm(question, default=False).ask())


def ask_text(question: str) -> str:
    """A line of text; empty when there is no answer."""
    import questionary

    return str(questionary.text(question).ask() or "").strip()


async def ask_secret(name: SecretName, what_for: str) -> str | None:
    """Ask for a secret without an echo; None when there is no answer."""
    import questionary

    answer = await questionary.password(f"{what_for} ({name.replace('_', ' ')}):").ask_async()
    return str(answer) if answer else None

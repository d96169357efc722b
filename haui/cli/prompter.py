"""Asks one question after the other: through questionary at a terminal, else line by line.

Both show a question in the same words. What is asked is not decided here (see haui.cli.asking).
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TextIO

from haui.errors import InterruptedRunError, UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer to choose from. `refused` says why it can't be chosen, if so."""

    label: str
    note: str = ""
    refused: str = ""

    def __str__(self) -> str:
        note = f"{self.note} Not to choose: {self.refused}." if self.refused else self.note
        return f"{self.label}: {note.strip()}" if note else self.label


class Prompter(Protocol):
    """Each method raises InterruptedRunError when the person leaves."""

    def text(self, label: str, default: str = "") -> str:
        """A line; `default` when it is left empty."""

    def choose(self, label: str, options: Sequence[Option], default: int = 0) -> int:
        """The position of the chosen option."""

    def yes(self, label: str, default: bool = False) -> bool:
        """Yes or no."""

    def secret(self, label: str) -> str:
        """A line that is not shown."""

    def lines(self, label: str) -> str:
        """Several lines, ended by an empty one."""

    def say(self, text: str = "") -> None:
        """Tell something."""


class TerminalPrompter:
    """Questions by questionary, on a terminal."""

    def text(self, label: str, default: str = "") -> str:
        import questionary

        return str(_answered(questionary.text(label, default=default).ask()))

    def choose(self, label: str, options: Sequence[Option], default: int = 0) -> int:
        import questionary

        choices = [
            questionary.Choice(
                title=f"{option.label}  {option.note}".rstrip(),
                value=index,
                disabled=option.refused or None,
            )
            for index, option in enumerate(options)
        ]
        chosen = questionary.select(label, choices=choices, default=choices[default]).ask()
        return int(str(_answered(chosen)))

    def yes(self, label: str, default: bool = False) -> bool:
        import questionary

        return bool(_answered(questionary.confirm(label, default=default).ask()))

    def secret(self, label: str) -> str:
        import questionary

        return str(_answered(questionary.password(label).ask()))

    def lines(self, label: str) -> str:
        self.say(label)
        return "\n".join(iter(lambda: self.text(">").strip(), ""))

    def say(self, text: str = "") -> None:
        sys.stderr.write(f"{text}\n")


class LinePrompter:
    """Questions as numbered lines, answers as lines: for dumb terminals, readers and pipes.

    An empty line takes the default. The end of the input is an error that names the question.
    """

    def __init__(self, answers: TextIO, out: TextIO) -> None:
        self._answers = answers
        self._out = out

    def text(self, label: str, default: str = "") -> str:
        shown = f" [{default}]" if default else ""
        return self._line(f"{label}{shown}: ", label) or default

    def choose(self, label: str, options: Sequence[Option], default: int = 0) -> int:
        self.say(label)
        for number, option in enumerate(options, 1):
            self.say(f"  {number}. {option}")
        while True:
            said = self._line(f"1 to {len(options)} [{default + 1}]: ", label)
            index = _index(said, options, default)
            if index is None:
                self.say(f"  {said!r} is none of them; type a number")
            elif options[index].refused:
                self.say(f"  {options[index].label} can't be chosen: {options[index].refused}")
            else:
                return index

    def yes(self, label: str, default: bool = False) -> bool:
        while True:
            said = self._line(f"{label} [{'Y/n' if default else 'y/N'}]: ", label).lower()
            if not said:
                return default
            if said in ("y", "yes", "n", "no"):
                return said.startswith("y")
            self.say("  type yes or no")

    def secret(self, label: str) -> str:
        if not self._answers.isatty():
            raise UsageError(
                f"nobody can be asked without an echo: {label}",
                fix="give it in its environment variable or with --secrets-fd (haui apply --help)",
            )
        import getpass

        try:
            return getpass.getpass(f"{label}: ", stream=self._out)
        except (EOFError, KeyboardInterrupt):
            raise InterruptedRunError("left the questions; nothing was changed") from None

    def lines(self, label: str) -> str:
        self.say(label)
        found: list[str] = []
        while line := self._line("> ", label):
            found.append(line)
        return "\n".join(found)

    def say(self, text: str = "") -> None:
        self._out.write(f"{text}\n")
        self._out.flush()

    def _line(self, prompt: str, label: str) -> str:
        self._out.write(prompt)
        self._out.flush()
        try:
            line = self._answers.readline()
        except KeyboardInterrupt:
            raise InterruptedRunError("left the questions; nothing was changed") from None
        if not self._answers.isatty():
            self._out.write("\n")
        if not line:
            raise UsageError(
                f"the answers ended at the question {label!r}",
                fix="answer every question, one line each; an empty line takes what is in brackets",
            )
        return line.strip()


def _answered(answer: object) -> object:
    """questionary gives None when the person pressed Ctrl-C."""
    if answer is None:
        raise InterruptedRunError("left the questions; nothing was changed")
    return answer


def _index(said: str, options: Sequence[Option], default: int) -> int | None:
    if not said:
        return default
    if said.isdecimal() and 1 <= int(said) <= len(options):
        return int(said) - 1
    found = [i for i, option in enumerate(options) if option.label.lower().startswith(said.lower())]
    return found[0] if len(found) == 1 else None

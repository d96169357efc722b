"""A question of the wizard as data. Screens, plain prompts and help are made from it.

What it means, its rule and its example stand in the field of haui.spec that it fills; here is only
how it is put: label, choices, when it is asked, and what is taken without an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from haui.clusterfile.messages import example_at, field_at
from haui.clusterfile.problem import Loc
from haui.wizard.answers import Answers, value_at
from haui.wizard.pages import PageId

Kind = Literal["choice", "text", "number", "flag", "list", "map", "file"]
"""choice: one of several · text, number, file (a path on this machine): one line · flag: yes or no
· list: several texts with commas between · map: `key=value` pairs with commas between."""

_NUMBER = re.compile(r"[0-9]{1,10}")


def free(answers: Answers) -> str:
    """Nothing speaks against it."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of the answers to choose from. `takes` is what it costs, e.g. "3 hosts".

    `barred` says why it can't be chosen with the other answers; empty when it can.
    """

    value: Any
    label: str
    note: str = ""
    takes: str = ""
    recommended: bool = False
    barred: Callable[[Answers], str] = free


def always(answers: Answers) -> bool:
    """Asked whatever the other answers are."""
    return True


def nothing(answers: Answers) -> Any:
    """No answer is taken by itself."""
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question. `loc` is the place of its answer in the cluster file.

    `default` is what is taken without an answer (None: the cluster file's own default, if any).
    `locked` says why the answer can't be changed after the install; empty when it can. `more` marks
    what most admins never touch.
    """

    loc: Loc
    page: PageId
    label: str
    kind: Kind
    group: str = ""
    choices: tuple[Choice, ...] = ()
    shown: Callable[[Answers], bool] = always
    default: Callable[[Answers], Any] = nothing
    locked: str = ""
    more: bool = False
    item: tuple[str, str] | None = None
    """For a list of maps with two keys: each is typed as `first=second`, the second a number."""
    place: Loc = ()
    """The place in haui.spec where help and example stand, when it is not `loc`."""

    @property
    def id(self) -> str:
        """The place as one word, "endpoint.vip"."""
        return ".".join(str(part) for part in self.loc)

    @property
    def help(self) -> str:
        """What the answer means, from the cluster file's description."""
        found = field_at(self.place or self.loc)
        return (found[1].description or "") if found else ""

    @property
    def example(self) -> str:
        """An answer as it may be typed; empty when the file has no example."""
        found = field_at(self.place or self.loc)
        if found is None or not found[1].examples:
            return example_at(self.place or self.loc)
        return self.show(found[1].examples[0])

    def is_shown(self, answers: Answers) -> bool:
        """Whether it is asked, given the other answers."""
        return self.shown(answers)

    def default_of(self, answers: Answers) -> Any:
        """What is taken without an answer; None when one is needed, or when none is."""
        value = self.default(answers)
        if value is not None:
            return value
        found = field_at(self.place or self.loc)
        if found is None or found[1].is_required():
            return None
        return plain(found[1].get_default(call_default_factory=True))

    def answer_or_default(self, answers: Answers) -> Any:
        """The answer, else what is taken without one."""
        said = value_at(answers, self.loc)
        return self.default_of(answers) if said is None else said

    def read(self, text: str) -> Any:
        """A typed text as a value; None for an empty one. Never raises.

        What can't be read stays the text that it is: the check then says what is wrong with it.
        """
        text = text.strip()
        if not text:
            return None
        if self.kind == "number":
            return int(text) if _NUMBER.fullmatch(text) else text
        if self.kind == "flag":
            return {"yes": True, "true": True, "no": False, "false": False}.get(text.lower(), text)
        if self.kind == "list":
            items = [item.strip() for item in text.split(",") if item.strip()]
            return items if self.item is None else [_read_item(item, self.item) for item in items]
        if self.kind == "map":
            return _read_map(text)
        return text

    def show(self, value: Any) -> str:
        """A value as it would be typed."""
        if value is None:
            return ""
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, Mapping):
            return ", ".join(f"{key}={item}" for key, item in value.items())
        if isinstance(value, Sequence) and not isinstance(value, str):
            return ", ".join(_show_item(item, self.item) for item in value)
        return str(value)


def plain(value: Any) -> Any:
    """A default of the spec as an answer: tuples as lists; empty ones are no answer."""
    if isinstance(value, tuple):
        value = list(value)
    return None if value in ([], {}) else value


def _read_map(text: str) -> Any:
    pairs = [pair.strip() for pair in text.split(",") if pair.strip()]
    if not all("=" in pair.strip("=") for pair in pairs):
        return text
    split = (pair.partition("=") for pair in pairs)
    return {key.strip(): value.strip() for key, _, value in split}


def _read_item(text: str, keys: tuple[str, str]) -> Any:
    first, equals, second = (part.strip() for part in text.partition("="))
    if not equals:
        return text
    return {keys[0]: first, keys[1]: int(second) if _NUMBER.fullmatch(second) else second}


def _show_item(item: Any, keys: tuple[str, str] | None) -> str:
    if keys is None or not isinstance(item, Mapping):
        return str(item)
    return f"{item.get(keys[0], '')}={item.get(keys[1], '')}"

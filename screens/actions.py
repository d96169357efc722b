"""The actions: declared once, and read by key bindings, key line, help page and palette.

A screen or widget writes `BINDINGS = bind(Action(…), …)`. What an action does is the method
`action_<do>` of the same class, as everywhere in Textual.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from textual.binding import ActiveBinding, Binding, BindingType

from screens.glyphs import UNICODE, Glyphs


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One thing a key does.

    `id` is unique, "hosts.paste". `key` is Textual's name of the key, several with commas. `label`
    is what the key line says, one or two words; `help` is the sentence of the help page; `group` is
    its heading there; what has no help is not on that page. `shown` puts it on the key line. `keys`
    is how the keys are written when not as they are; "arrows" and "sides" stand for those keys'
    signs. `do` is the action's name; by default the last part of the id.
    """

    id: str
    key: str
    label: str
    group: str
    help: str = ""
    shown: bool = True
    keys: str = ""
    do: str = ""
    priority: bool = False

    @property
    def action(self) -> str:
        return self.do or self.id.rpartition(".")[2].replace("-", "_")


REGISTRY: Final[dict[str, Action]] = {}
"""Every action of the modules that are loaded, by id."""


def bind(*actions: Action) -> list[BindingType]:
    """Key bindings of actions, which thereby are registered. Raises ValueError for a used id."""
    made: list[BindingType] = []
    for action in actions:
        if REGISTRY.setdefault(action.id, action) != action:
            raise ValueError(f"two actions are called {action.id}")
        made.append(
            Binding(
                action.key,
                action.action,
                action.label,
                show=action.shown,
                id=action.id,
                priority=action.priority,
            )
        )
    return made


_KEYS: Final = {
    "question_mark": "?", "slash": "/", "plus": "+", "minus": "-",
    "escape": "esc", "pageup": "PgUp", "pagedown": "PgDn", "comma": ",", "full_stop": ".",
}  # fmt: skip


def key_text(action: Action, glyphs: Glyphs = UNICODE) -> str:
    """How a key is written for people: `^q`, `esc`, `↑↓`."""
    if action.keys:
        return {"arrows": glyphs.arrows, "sides": glyphs.sides}.get(action.keys, action.keys)
    keys = [key.strip() for key in action.key.split(",")]
    return _one_key(keys[0])


def _one_key(key: str) -> str:
    if key.startswith("ctrl+"):
        return f"^{_one_key(key[5:])}"
    if key.startswith("alt+"):
        return f"alt+{_one_key(key[4:])}"
    if key[0] == "f" and key[1:].isdigit():
        return key.upper()
    return _KEYS.get(key, key)


def active_actions(bindings: Mapping[str, ActiveBinding]) -> list[Action]:
    """The actions that a key would start now, innermost first, each once."""
    found: dict[str, Action] = {}
    for active in bindings.values():
        action = REGISTRY.get(active.binding.id or "")
        if action is not None and active.enabled:
            found.setdefault(action.id, action)
    return list(found.values())


def grouped(actions: Iterable[Action]) -> dict[str, list[Action]]:
    """By group, groups and actions in the order in which they first come."""
    groups: dict[str, list[Action]] = {}
    for action in actions:
        groups.setdefault(action.group, []).append(action)
    return groups

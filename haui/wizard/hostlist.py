"""Host lists for the wizard: read from pasted text and files, named, joined, and written back.

The readers for one kind of text are in the modules beside this one; they share HostList.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from haui.wizard.hostlists.ansible import is_inventory, parse_inventory
from haui.wizard.hostlists.csvhosts import is_csv, parse_csv
from haui.wizard.hostlists.lines import parse_lines, to_lines
from haui.wizard.hostlists.result import MAX_CHARS, HostList, NotUnderstood, cleaned
from haui.wizard.hostlists.roll import Host, Roll
from haui.wizard.hostlists.sshconfig import aliases_of, is_ssh_config, parse_ssh_config

__all__ = [
    "HostList",
    "NotUnderstood",
    "aliases_of",
    "complete",
    "merge",
    "parse_any",
    "parse_csv",
    "parse_inventory",
    "parse_lines",
    "parse_ssh_config",
    "to_lines",
]

NAME_PREFIXES = {
    "control-plane": "cp",
    "load-balancer": "lb",
    "etcd": "et",
    "worker": "wk",
    "registry": "rg",
    "storage": "st",
}
"""How a host without a name is called after the first of these roles that it has."""

_ENDINGS = {"csv": parse_csv, "tsv": parse_csv, "ini": parse_inventory}
_INVENTORY_ENDINGS = ("yml", "yaml", "json")
_SSH_CONFIG_NAME = re.compile(r"(.*/)?\.ssh/config|.*ssh_?config(\.d/.*)?")


def parse_any(text: str, name: str = "") -> HostList:
    """The hosts in a text of unknown kind; `name` is that of its file. Never raises."""
    if len(text) > MAX_CHARS:
        return parse_lines(text)
    ending = name.rpartition(".")[2].lower()
    if ending in _ENDINGS:
        return _ENDINGS[ending](text)
    if _SSH_CONFIG_NAME.fullmatch(name.lower()) or is_ssh_config(text):
        return parse_ssh_config(text, None)
    if ending in _INVENTORY_ENDINGS or is_inventory(text):
        return parse_inventory(text)
    return parse_csv(text) if is_csv(text) else parse_lines(text)


def complete(hosts: Iterable[Host], taken: Collection[str] = ()) -> tuple[dict[str, Any], ...]:
    """The hosts with names for those that have a role and no name: cp1…, wk1…, et1…, lb1….

    Numbers are the first ones free among the list and `taken`. A host without a role is marked
    with an empty list of roles and keeps what it has: its name follows once the role is known.
    """
    listed = [dict(host) for host in hosts]
    used = {*taken, *(host["name"] for host in listed if host.get("name"))}
    next_number = dict.fromkeys(NAME_PREFIXES.values(), 1)
    for place, host in enumerate(listed):
        if not isinstance(host.get("roles"), list):  # a draft may hold anything
            host["roles"] = []
        prefix = next((NAME_PREFIXES[role] for role in NAME_PREFIXES if role in host["roles"]), "")
        if host.get("name") or not prefix:
            continue
        while (name := f"{prefix}{next_number[prefix]}") in used:
            next_number[prefix] += 1
        used.add(name)
        listed[place] = {"name": name, **{k: v for k, v in host.items() if k != "name"}}
    return tuple(listed)


def merge(
    existing: Sequence[Host], new: Sequence[Host]
) -> tuple[tuple[dict[str, Any], ...], tuple[str, ...]]:
    """Both lists as one, and notes about hosts that stand in both.

    The same name or the same address is the same host (the name decides first), and `new` wins,
    key by key. Existing hosts keep their order and their duplicates.
    """
    roll = Roll()
    for host in existing:
        roll.append(host)
    before = len(roll.hosts())
    again = []
    for host in new:
        place = roll.put(host)
        if place < before:
            again.append(_called(host))
    notes = []
    if again:
        shown = ", ".join(again[:5]) + (f" and {len(again) - 5} more" if len(again) > 5 else "")
        one = len(again) == 1
        notes.append(
            f"{shown} {'was' if one else 'were'} in the list already; "
            "what the new lines say about them wins".replace("them", "it" if one else "them")
        )
    notes += [
        f"{name} has no address: a new line gives it to another host" for name in roll.robbed()
    ]
    return roll.hosts(), tuple(cleaned(note, 400) for note in notes)


def _called(host: Mapping[str, Any]) -> str:
    return str(host.get("name") or host.get("address") or "a host")

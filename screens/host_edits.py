"""Changes of the list of hosts. Pure; each takes the entries as the answers hold them.

Entries may be anything, since drafts are files: what is no host is carried along untouched.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from haui.wizard.hostlist import complete, merge, to_lines


def swapped(entries: Sequence[Any], one: int, other: int) -> list[Any]:
    """With two entries in each other's place."""
    changed = list(entries)
    changed[one], changed[other] = changed[other], changed[one]
    return changed


def with_roles(entries: Sequence[Any], places: Collection[int], roles: Sequence[str]) -> list[Any]:
    """With these roles for the hosts at these places; who has no name gets one."""
    changed = [
        {**host, "roles": list(roles)} if place in places and isinstance(host, Mapping) else host
        for place, host in enumerate(entries)
    ]
    return named(changed)[0]


def named(entries: Sequence[Any]) -> tuple[list[Any], int]:
    """With a name for each host that has roles and none; and how many got one."""
    sound = {place: _said(host) for place, host in enumerate(entries) if _is_sound(host)}
    done = dict(zip(sound, complete(sound.values(), _names(entries)), strict=True))
    changed = [done.get(place, host) for place, host in enumerate(entries)]
    given = sum(
        bool(host.get("name")) and not sound[place].get("name") for place, host in done.items()
    )
    return changed, given


def joined(
    entries: Sequence[Any], found: Sequence[Mapping[str, Any]]
) -> tuple[list[Any], tuple[str, ...]]:
    """Both as one list, with names as far as roles are known, and notes. What is no host is last
    from then on."""
    sound = [_said(host) for host in entries if _is_sound(host)]
    others = [host for host in entries if not _is_sound(host)]
    hosts, notes = merge(sound, found)
    return [*complete(hosts, _names(others)), *others], notes


def as_lines(entries: Iterable[Any]) -> str:
    """The hosts as lines that can be pasted again."""
    return to_lines(_writable(host) for host in entries if _is_sound(host))


def _is_sound(host: Any) -> bool:
    """Whether it is a host of which name, address and roles can be worked with."""
    if not isinstance(host, Mapping):
        return False
    roles = host.get("roles")
    texts = all(isinstance(host.get(key) or "", str) for key in ("name", "address"))
    listed = roles is None or isinstance(roles, list | tuple)
    return texts and listed and all(isinstance(role, str) for role in roles or ())


def _said(host: Mapping[str, Any]) -> dict[str, Any]:
    """Without what a file leaves open with null."""
    return {key: value for key, value in host.items() if value is not None}


def _names(entries: Iterable[Any]) -> set[str]:
    names = (host.get("name") for host in entries if isinstance(host, Mapping))
    return {name for name in names if isinstance(name, str)}


def _writable(host: Mapping[str, Any]) -> dict[str, Any]:
    """Without labels and logins that are no maps."""
    return {
        key: value
        for key, value in host.items()
        if key not in ("labels", "ssh") or isinstance(value, Mapping)
    }

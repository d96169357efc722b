"""From words to a host: the words for roles, and the check of every field.

The checks are those of the cluster file, so that a list never gives what the file would refuse.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pydantic_core import PydanticCustomError

from haui.clusterfile import types as t
from haui.wizard.hostlists.result import Unreadable

Said = tuple[str, str]
"""A field and its text. Fields: those of FIELDS, `role`, and `label:KEY`."""

ROLE_WORDS = {
    "cp": "control-plane",
    "control-plane": "control-plane",
    "controlplane": "control-plane",
    "master": "control-plane",
    "wk": "worker",
    "worker": "worker",
    "node": "worker",
    "etcd": "etcd",
    "lb": "load-balancer",
    "load-balancer": "load-balancer",
    "loadbalancer": "load-balancer",
    "balancer": "load-balancer",
    "haproxy": "load-balancer",
    "registry": "registry",
    "storage": "storage",
}
"""How people call the roles; plurals and `_` for `-` count as well."""

EXAMPLE = "cp1 10.0.0.11 control-plane"
_JOINED = re.compile(r"[,+·&]")
_ADDRESS_LIKE = re.compile(r"[0-9]+(\.[0-9]+)+(/.*)?")
_BARE_RANGE = re.compile(r"[0-9]+(\.[0-9]+){3}-[0-9.]+")


def role(word: str) -> str | None:
    """The role that a word means, if any."""
    plain = word.lower().replace("_", "-")
    return ROLE_WORDS.get(plain) or ROLE_WORDS.get(plain.removesuffix("s"))


def likely_role(word: str) -> str | None:
    """The role word that a mistyped word probably means.

    A word that goes on after a role word (`worker-a`), or holds a digit, is somebody's name.
    """
    plain = word.lower()
    if len(plain) > 20 or not re.fullmatch(r"[a-z_-]+", plain):
        return None
    if any(plain.startswith(known) for known in ROLE_WORDS):
        return None
    plain = plain.removesuffix("s")
    near = [known for known in ROLE_WORDS if abs(len(known) - len(plain)) <= 2]
    close = difflib.get_close_matches(plain, near, n=1, cutoff=0.75)
    return close[0] if close else None


def roles_in(text: str) -> tuple[str, ...]:
    """The roles in `cp+worker`, each once; empty when no part of it is a role word.

    Raises Unreadable when only some parts are.
    """
    parts = [part for part in _JOINED.split(text) if part]
    found = [role(part) for part in parts]
    if not any(found):
        return ()
    for part, meant in zip(parts, found, strict=True):
        if meant is None:
            raise unknown_role(part)
    return tuple(dict.fromkeys(meant for meant in found if meant))


def unknown_role(word: str) -> Unreadable:
    """The complaint about a word that should be a role."""
    close = likely_role(word)
    names = ", ".join(dict.fromkeys(ROLE_WORDS.values()))
    hint = f"did you mean {close}?" if close else f"the roles are {names}"
    return Unreadable(f"{t.shown(word)} is not a role; {hint}", f"10.0.0.11 {close or 'worker'}")


def looks_like_address(text: str) -> bool:
    """Whether the text is meant as an address, be it right or wrong."""
    return bool(_ADDRESS_LIKE.fullmatch(text) or _BARE_RANGE.fullmatch(text)) or ":" in text


def target(text: str) -> list[Said]:
    """The fields in `[user@]host[:port]`; IPv6 addresses with a port stand in brackets."""
    login, at, where = text.rpartition("@")
    said: list[Said] = [("user", login)] if at else []
    bracketed = re.fullmatch(r"\[([0-9a-fA-F:.%]*:[0-9a-fA-F:.%]*)\](?::(.*))?", where)
    if bracketed:
        host, port = bracketed[1], bracketed[2]
    elif "[" in where or "]" in where:
        raise Unreadable(
            f"{t.shown(where)} is neither a range nor an IPv6 address in brackets",
            "10.0.0.[11-13] cp",
        )
    else:
        host, colon, rest = where.partition(":")
        host, port = (host, rest) if colon and ":" not in rest else (where, None)
    said.append(("address" if looks_like_address(host) else "name", host))
    return said if port is None else [*said, ("port", port)]


def _address(text: str) -> str:
    if _BARE_RANGE.fullmatch(text):
        head, _, last = text.partition("-")
        network, _, first = head.rpartition(".")
        right = f"{network}.[{first}-{last.rpartition('.')[2]}]"
        raise Unreadable(f"{t.shown(text)} is not an address; a range stands in brackets", right)
    known = t.address(text)
    ip = ipaddress.ip_address(known)
    if ip.is_loopback or ip.is_multicast or ip.is_unspecified:
        raise Unreadable(f"{known} is not an address at which other hosts reach this one", EXAMPLE)
    return known


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) or not 1 <= int(text) <= 65535:
        raise Unreadable(f"{t.shown(text)} is not a port: a number from 1 to 65535", "port=2222")
    return int(text)


FIELDS: dict[str, tuple[Callable[[str], Any], str]] = {
    "name": (t.node_name, EXAMPLE),
    "address": (_address, EXAMPLE),
    "user": (t.user, "ops@10.0.0.11 cp"),
    "port": (_port, "10.0.0.11:2222 cp"),
    "key": (t.line, "key=~/.ssh/id_ed25519"),
    "connect": (t.host, "connect=203.0.113.7"),
    "interface": (t.interface, "interface=ens3"),
    "fingerprint": (
        t.fingerprint,
        "fingerprint=SHA256:9fTzQ3mWq1V5c7Jv0o2Yb8n4Xr6kLhG1dEwSaPuCiRM",
    ),
}
"""Fields that a host has once, with their check and an example."""

_SSH = {"user": "user", "port": "port", "key": "key", "connect": "address"}


def checked(field: str, text: str) -> Any:
    """The value of a field of FIELDS. Raises Unreadable with the rule that it breaks."""
    check, example = FIELDS[field]
    try:
        return check(text)
    except PydanticCustomError as error:
        if field == "name" and re.fullmatch(r"[A-Za-z0-9-]*[A-Z][A-Za-z0-9-]*", text):
            example = EXAMPLE.replace("cp1", text.lower())
        raise Unreadable(error.message(), example) from None


def entry(said: Iterable[Said]) -> dict[str, Any]:
    """The host that these fields describe. Raises Unreadable when one of them breaks a rule."""
    values: dict[str, Any] = {}
    roles: list[str] = []
    labels: dict[str, str] = {}
    for field, text in said:
        if field == "role":
            roles += [name for name in _roles(text) if name not in roles]
        elif field.startswith("label:"):
            key, value = _label(field.removeprefix("label:"), text)
            labels[key] = value
        else:
            value = checked(field, text)
            if values.setdefault(field, value) != value:
                raise Unreadable(
                    f"one line means one host, and this one says its {field} twice: "
                    f"{values[field]} and {value}",
                    FIELDS[field][1],
                )
    if "name" not in values and "address" not in values:
        raise Unreadable("there is neither a name nor an address here", EXAMPLE)
    ssh = {key: values[field] for field, key in _SSH.items() if field in values}
    parts = {
        "name": values.get("name"),
        "address": values.get("address"),
        "roles": roles,
        "labels": labels,
        "ssh": ssh,
        "interface": values.get("interface"),
        "fingerprint": values.get("fingerprint"),
    }
    return {key: value for key, value in parts.items() if value}


def distinct(hosts: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The hosts of one line with ranges. Raises Unreadable when two of them are alike."""
    for key in ("name", "address"):
        values = [host[key] for host in hosts if key in host]
        if len(set(values)) < len(values):
            raise Unreadable(
                f"the ranges give {len(hosts)} hosts, but the {key} {values[0]} for several of "
                f"them; the {key} needs a range that is equally long",
                "wk[1-3] 10.0.1.[1-3] worker",
            )
    return list(hosts)


def _roles(text: str) -> tuple[str, ...]:
    found = [
        roles_in(part) for part in re.split(r"[\s;/|]+", text.strip()) if part not in ("", "·")
    ]
    if not found or not all(found):
        words = [part for part in re.split(r"[\s;/|,+·&]+", text.strip()) if part]
        raise unknown_role(next((word for word in words if role(word) is None), text))
    return tuple(dict.fromkeys(name for names in found for name in names))


def _label(key: str, value: str) -> Said:
    try:
        return t.label_key(key), t.label_value(value)
    except PydanticCustomError as error:
        raise Unreadable(error.message(), "10.0.0.21 worker rack=r1") from None

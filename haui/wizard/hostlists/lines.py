"""Host lists as lines of words: what an admin pastes, and what haui writes back.

A line says a name, an address or both, then roles and `key=value` words in any order. A `#` before
a word ends the line. A word, or the value behind `=`, may stand in double quotes, in which a
backslash takes the next character as it is.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from haui.clusterfile.types import is_address, shown
from haui.wizard.hostlists.entry import (
    FIELDS,
    Said,
    distinct,
    entry,
    likely_role,
    looks_like_address,
    roles_in,
    target,
    unknown_role,
)
from haui.wizard.hostlists.ranges import expand
from haui.wizard.hostlists.result import MAX_LINE, Gathering, HostList, Unreadable, gather
from haui.wizard.hostlists.roll import Host

KEYS = {
    **{field: field for field in FIELDS},
    "ip": "address",
    "login": "user",
    "role": "role",
    "roles": "role",
}
"""The words before `=` that name a field; every other one is the key of a label."""

_WORD = re.compile(r'(?:"(?:[^"\\]|\\.)*"|[^\s"])+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_SETTING = re.compile(r"([A-Za-z][A-Za-z0-9_./:-]*)=(.*)", re.DOTALL)
_PLAIN = re.compile(r"[A-Za-z0-9_.@/~:+-]+")
_SIMPLE_USER = re.compile(r"[A-Za-z0-9_.-]+")
_OF_EVERY_MACHINE = re.compile(r"localhost.*|.*-localhost|ip6-.*|broadcasthost")


@dataclass(frozen=True, slots=True)
class _Word:
    """A word without its quotes; `exact` when it had some, so that no range is looked for."""

    text: str
    exact: bool


@dataclass(frozen=True, slots=True)
class _Line:
    """What the words of one line say about one host."""

    said: list[Said]
    aliases: list[str]


def parse_lines(text: str) -> HostList:
    """The hosts in pasted lines. Never raises."""
    return gather(text, _read)


def to_lines(hosts: Iterable[Host]) -> str:
    """Hosts as lines that `parse_lines` reads as the same hosts; one line each.

    Left out are hosts with neither name nor address, and what lists don't say.
    """
    return "".join(f"{line}\n" for host in hosts if (line := _written(host)))


def read_words(gathering: Gathering, line: int, words: Sequence[str]) -> list[dict[str, Any]]:
    """The hosts that the words of one line say. Raises Unreadable."""
    found = [_Word(text, exact=False) for word in words if (text := word.strip(",;"))]
    if not found:
        return []
    return _hosts(gathering, line, found)[0]


def _read(found: Gathering, lines: list[str]) -> None:
    passed: list[str] = []
    for number, line in enumerate(lines, 1):
        try:
            words = _words(line)
            if not words:
                continue
            if _is_of_every_machine(words):
                passed.append(str(number))
                continue
            hosts, aliases = _hosts(found, number, words)
            found.add(number, hosts)
        except Unreadable as problem:
            found.reject(number, line, problem)
            continue
        if aliases:
            also = ", ".join(aliases)
            found.note(f"line {number}: the first name is taken, {hosts[0]['name']}, not {also}")
    if passed:
        found.note(
            "passed over: the loopback and multicast names that every machine has "
            f"(line {', '.join(passed[:10])}{' and more' if len(passed) > 10 else ''})"
        )


def _words(line: str) -> list[_Word]:
    if len(line) > MAX_LINE:
        raise Unreadable(f"the line has {len(line)} characters, {MAX_LINE} are the most")
    words: list[_Word] = []
    position = 0
    while position < len(line):
        if line[position].isspace():
            position += 1
            continue
        if line[position] == "#":
            break
        match = _WORD.match(line, position)
        if match is None or line[match.end() : match.end() + 1] == '"':
            raise Unreadable("a double quote is not closed", 'key="~/my keys/id"')
        position = match.end()
        exact = '"' in match[0]
        text = _QUOTED.sub(lambda part: re.sub(r"\\(.)", r"\1", part[1]), match[0])
        text = text if exact else text.strip(",;")
        if text and (exact or text.strip("·+&|")):
            words.append(_Word(text, exact))
    return words


def _is_of_every_machine(words: Sequence[_Word]) -> bool:
    """Whether these are the words of a standard line of /etc/hosts, such as 127.0.0.1 localhost."""
    first, *names = (word.text for word in words)
    if not names or not is_address(first):
        return False
    ip = ipaddress.ip_address(first)
    everywhere = ip.is_loopback or ip.is_multicast or ip.is_unspecified or ip.is_link_local
    everywhere = everywhere or first in ("255.255.255.255", "fe00::0")
    return everywhere and all(_OF_EVERY_MACHINE.fullmatch(name) for name in names)


def _hosts(
    gathering: Gathering, line: int, words: Sequence[_Word]
) -> tuple[list[dict[str, Any]], list[str]]:
    """The hosts of a line, and the further names that are not taken."""
    rows = expand([word.text for word in words], fixed=[word.exact for word in words])
    gathering.spend(line, len(rows))
    lines = [_classified(row, words) for row in rows]
    hosts = distinct([entry(line.said) for line in lines])
    return hosts, lines[0].aliases


def _classified(row: Sequence[str], words: Sequence[_Word]) -> _Line:
    said: list[Said] = []
    names: list[str] = []
    for place, (text, word) in enumerate(zip(row, words, strict=True)):
        setting = _SETTING.fullmatch(text)
        if setting:
            said.append((_field(setting[1]), setting[2]))
        elif not word.exact and (roles := roles_in(text)):
            said += [("role", role) for role in roles]
        else:
            parts = target(text)
            found = [value for field, value in parts if field == "name"]
            for name in found:
                _check_name_word(name, first=place == 0)
            names += found
            said += [part for part in parts if part[0] != "name"]
    aliases = _aliases(said, names)
    return _Line([*(("name", name) for name in names[:1]), *said], aliases)


def _field(key: str) -> str:
    if key.startswith("label:"):
        return key
    return KEYS.get(key.lower(), f"label:{key}")


def _check_name_word(word: str, *, first: bool) -> None:
    """Refuses words that could be a name, and are more likely something else."""
    if re.fullmatch(r"[0-9]+", word):
        raise Unreadable(
            f"{shown(word)} alone could be a name or a port; write name=… or port=…",
            f"10.0.0.11 port={word[:5]}",
        )
    if not first and likely_role(word):
        raise unknown_role(word)


def _aliases(said: Sequence[Said], names: Sequence[str]) -> list[str]:
    """The names after the first one, where the line is one of /etc/hosts or they are short forms.

    Raises Unreadable when a word has no meaning.
    """
    if any(field == "name" for field, _ in said) and names:
        raise unknown_role(names[0])
    if len(names) < 2:
        return []
    first, *others = names
    plain = all(field == "address" for field, _ in said)
    for word in others:
        related = word.startswith(f"{first}.") or first.startswith(f"{word}.") or word == first
        if not plain and not related:
            raise unknown_role(word)
    return [word for word in others if word != first]


def _is_plain_name(name: str) -> bool:
    """Whether a name as the first word of a line is read as this name."""
    return not (roles_in(name) or looks_like_address(name) or name.isdigit())


def _written(host: Host) -> str:
    ssh = dict(host.get("ssh") or {})
    words = []
    name, address = host.get("name"), host.get("address")
    if name:
        words.append(name if _is_plain_name(name) else f"name={name}")
    if address:
        words.append(_target(address, ssh))
    if not words:
        return ""
    if host.get("roles"):
        words.append("+".join(host["roles"]))
    for key, value in (host.get("labels") or {}).items():
        words.append(f"label:{key}={value}" if key.lower() in KEYS else f"{key}={value}")
    settings = {
        "user": ssh.get("user"),
        "port": ssh.get("port"),
        "key": ssh.get("key"),
        "connect": ssh.get("address"),
        "interface": host.get("interface"),
        "fingerprint": host.get("fingerprint"),
    }
    words += [f"{key}={_quoted(value)}" for key, value in settings.items() if value]
    return " ".join(words)


def _target(address: str, ssh: dict[str, Any]) -> str:
    """The address with a plain login and port around it, which are taken out of `ssh`."""
    user = ssh.pop("user") if _SIMPLE_USER.fullmatch(ssh.get("user") or "") else ""
    port = ssh.pop("port", None)
    where = f"[{address}]" if port and ":" in address else address
    return (f"{user}@" if user else "") + where + (f":{port}" if port else "")


def _quoted(value: object) -> str:
    text = str(value)
    if _PLAIN.fullmatch(text):
        return text
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'

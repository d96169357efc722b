"""Hosts from an OpenSSH client configuration: aliases with HostName, User, Port, IdentityFile.

As in ssh_config(5): the first value that a matching `Host` block gives wins, blocks may have
patterns (`*`, `?`, `!`), keywords are case-insensitive and may have `=` behind them. Not read are
`Match` blocks and included files, which depend on more than this text.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import translate

from haui.clusterfile.types import is_address, shown
from haui.wizard.hostlists.entry import Said, entry, looks_like_address
from haui.wizard.hostlists.result import (
    MAX_HOSTS,
    MAX_LINE,
    Gathering,
    HostList,
    Unreadable,
    gather,
)

_KEYWORD = re.compile(r"\s*([A-Za-z]+)(?:\s*=\s*|\s+)(.*)", re.DOTALL)
_ARGUMENT = re.compile(r'"([^"]*)"|([^\s"]+)')
# Never `\s` at a line's beginning: that would look through all empty lines again from each of them.
_HOST_LINE = re.compile(r"^[^\S\n]*host[ \t=]+\S", re.IGNORECASE | re.MULTILINE)
_USUAL_LINE = re.compile(
    r"^[^\S\n]*(hostname|user|port|identityfile|proxyjump)[ \t=]+[^\s=]\S*[^\S\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
_EXAMPLE = "Host cp1 (and below it: HostName 10.0.0.11)"
_WANTED = ("hostname", "user", "port", "identityfile", "proxyjump", "proxycommand")
_MOST_PATTERNS = 500


@dataclass(slots=True)
class _Block:
    """One `Host` block: its patterns, and the first value of each keyword with its line."""

    patterns: tuple[str, ...]
    line: int
    values: dict[str, tuple[int, str]] = field(default_factory=dict)


@dataclass(slots=True)
class _Config:
    """The blocks in file order; what stands before the first `Host` is a block for all."""

    blocks: list[_Block]
    notes: list[str]

    def aliases(self) -> dict[str, int]:
        """The names without pattern characters, and the line of their first block."""
        found: dict[str, int] = {}
        for block in self.blocks:
            for pattern in block.patterns:
                if not re.search(r"[*?!]", pattern):
                    found.setdefault(pattern, block.line)
        return found


def aliases_of(text: str) -> tuple[str, ...]:
    """The hosts that a configuration names, in its order; empty for a text that is none."""
    names: dict[str, int] = {}

    def read(_: Gathering, lines: list[str]) -> None:
        names.update(_blocks(lines, None).aliases())

    gather(text, read)
    return tuple(names)


def parse_ssh_config(text: str, aliases: Collection[str] | None) -> HostList:
    """The hosts behind these aliases, or behind all when `aliases` is None. Never raises.

    The alias becomes the host's name. A HostName that is no address becomes the address to connect
    to (`ssh.address`), and the host's own address is left to be said.
    """

    def read(found: Gathering, lines: list[str]) -> None:
        config = _blocks(lines, found)
        for note in config.notes:
            found.note(note)
        _take(found, config, lines, aliases)

    return gather(text, read)


def is_ssh_config(text: str) -> bool:
    """Whether the text has a `Host` block with one of the usual keywords."""
    return bool(_HOST_LINE.search(text) and _USUAL_LINE.search(text))


def _blocks(lines: Iterable[str], found: Gathering | None) -> _Config:
    config = _Config([_Block(("*",), 0)], [])
    ignored = False
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        try:
            keyword, values = _keyword(text)
        except Unreadable as problem:
            if found is not None:
                found.reject(number, line, problem)
            continue
        if keyword == "host":
            config.blocks.append(_Block(tuple(values), number))
            ignored = False
        elif keyword == "match":
            ignored = True
            config.notes.append(f"line {number}: Match blocks are not read")
        elif keyword == "include":
            config.notes.append(f"line {number}: Include is not followed; import that file as well")
        elif not ignored and keyword in _WANTED:
            config.blocks[-1].values.setdefault(keyword, (number, " ".join(values)))
    return config


def _keyword(line: str) -> tuple[str, list[str]]:
    match = _KEYWORD.fullmatch(line)
    if match is None or len(line) > MAX_LINE:
        raise Unreadable("a line of an SSH configuration is a keyword and its value", _EXAMPLE)
    rest = match[2]
    values = [quoted or plain for quoted, plain in _ARGUMENT.findall(rest)]
    if not values or rest.count('"') % 2:
        raise Unreadable(f"{match[1]} has no value, or a quote that is not closed", _EXAMPLE)
    return match[1].lower(), values


def _take(
    found: Gathering, config: _Config, lines: list[str], aliases: Collection[str] | None
) -> None:
    known = config.aliases()
    finder = _Finder(config)
    jumps: list[str] = []
    unresolved: list[str] = []
    wanted = known if aliases is None else dict.fromkeys(aliases)
    if len(wanted) > MAX_HOSTS:
        raise Unreadable(f"these are {len(wanted)} hosts; a list has at most {MAX_HOSTS}")
    for alias in wanted:
        line = known.get(alias, 0)
        try:
            if not line:
                raise Unreadable(f"no Host line names {shown(alias)}", f"Host {alias}")
            values = finder.values(alias)
            host = entry(_said(alias, values))
            found.add(line, [host])
        except Unreadable as problem:
            found.reject(line, lines[line - 1] if line else alias, problem)
            continue
        jumps += _jump(values)
        if "address" not in host:
            unresolved.append(alias)
    _note(found, jumps, unresolved)


class _Finder:
    """Finds the blocks for an alias without trying every pattern on it."""

    def __init__(self, config: _Config) -> None:
        self._blocks = config.blocks
        self._exact: dict[str, list[int]] = {}
        self._patterns: list[int] = []
        for place, block in enumerate(config.blocks):
            if any(re.search(r"[*?!]", pattern) for pattern in block.patterns):
                self._patterns.append(place)
            else:
                for pattern in block.patterns:
                    self._exact.setdefault(pattern, []).append(place)
        if sum(len(self._blocks[place].patterns) for place in self._patterns) > _MOST_PATTERNS:
            raise Unreadable(f"the text has more than {_MOST_PATTERNS} host patterns")
        self._compiled = {
            pattern: re.compile(translate(pattern.lstrip("!").replace("[", "[[]")))
            for place in self._patterns
            for pattern in self._blocks[place].patterns
        }

    def values(self, alias: str) -> dict[str, tuple[int, str]]:
        """The first value of each keyword, with its line."""
        places = {*self._exact.get(alias, ())}
        places |= {place for place in self._patterns if self._matches(place, alias)}
        found: dict[str, tuple[int, str]] = {}
        for place in sorted(places):
            for keyword, value in self._blocks[place].values.items():
                found.setdefault(keyword, value)
        return found

    def _matches(self, place: int, alias: str) -> bool:
        hits = [p for p in self._blocks[place].patterns if self._compiled[p].fullmatch(alias)]
        return bool(hits) and not any(pattern.startswith("!") for pattern in hits)


def _said(alias: str, values: dict[str, tuple[int, str]]) -> Iterator[Said]:
    said = {keyword: text for keyword, (_, text) in values.items()}
    yield ("address" if looks_like_address(alias) else "name"), alias
    where = _expanded(said.get("hostname", alias), alias, "HostName")
    if is_address(where):
        yield "address", where
    elif where != alias:
        yield ("address" if looks_like_address(where) else "connect"), where.lower()
    if "user" in said:
        yield "user", said["user"]
    if "port" in said:
        yield "port", said["port"]
    key = said.get("identityfile", "none")
    if key.lower() != "none":
        yield "key", _expanded(key, alias, "IdentityFile")


def _expanded(text: str, alias: str, keyword: str) -> str:
    """The text with %h (the alias), %d (the home folder) and %% replaced."""
    meanings = {"%h": alias, "%d": "~", "%%": "%"}

    def meaning(match: re.Match[str]) -> str:
        if match[0] not in meanings:
            raise Unreadable(f"{keyword} holds {match[0]}, which only ssh can replace", _EXAMPLE)
        return meanings[match[0]]

    return re.sub(r"%.?", meaning, text)


def _jump(values: dict[str, tuple[int, str]]) -> list[str]:
    for keyword in ("proxyjump", "proxycommand"):
        text = values.get(keyword, (0, "none"))[1]
        if text.lower() != "none":
            return [text if keyword == "proxyjump" else ""]
    return []


def _note(found: Gathering, jumps: list[str], unresolved: list[str]) -> None:
    if jumps:
        count = "1 host" if len(jumps) == 1 else f"{len(jumps)} hosts"
        same = f" ({jumps[0]})" if len(set(jumps)) == 1 and jumps[0] else ""
        found.note(
            f"ProxyJump of {count} is not taken over: set the jump host{same} on the access page"
        )
    if unresolved:
        which = ", ".join(unresolved[:5]) + (" and more" if len(unresolved) > 5 else "")
        found.note(f"still without an address, since no HostName says one: {which}")

"""The two spellings of an Ansible inventory, read into groups, hosts and their variables."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from haui.clusterfile.problem import Loc
from haui.clusterfile.types import shown
from haui.clusterfile.yamltree import Document, Fatal
from haui.clusterfile.yamltree import read as read_document
from haui.wizard.hostlists.ranges import expand
from haui.wizard.hostlists.result import MAX_HOSTS, MAX_LINE, Full, Gathering, Unreadable, lines_of

_EXAMPLE = "cp[1:3] ansible_user=ops"
_SECTION = re.compile(r"\[([^\]:\s]+)(?::(children|vars))?\]\s*(?:[#;].*)?")
_VARIABLE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*[=]\s*(.*)", re.DOTALL)
_MAX_GROUPS = 500


@dataclass(slots=True)
class Member:
    """A host: where it was named first, and its own variables as text."""

    line: int
    text: str
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Group:
    """A group: its own hosts, the groups in it, and its variables as text."""

    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, None] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)


class Inventory:
    """Groups and hosts by their names, in the order of the text."""

    def __init__(self, spend: Callable[[int, int], None]) -> None:
        self.spend = spend
        self.groups: dict[str, Group] = {}
        self.members: dict[str, Member] = {}
        self._above: dict[str, dict[str, int]] = {}
        self._direct: dict[str, list[str]] = {}

    def group(self, name: str) -> Group:
        """The group of that name, which is there from now on."""
        if name not in self.groups and len(self.groups) >= _MAX_GROUPS:
            raise Unreadable(f"an inventory has at most {_MAX_GROUPS} groups here")
        return self.groups.setdefault(name, Group())

    def member(self, group: str, name: str, line: int, text: str) -> Member:
        """The host of that name, which is in that group from now on."""
        if name not in self.members and len(self.members) >= MAX_HOSTS:
            raise Full(f"a list gives at most {MAX_HOSTS} hosts, this one has more", line=line)
        self.group(group).hosts[name] = None
        return self.members.setdefault(name, Member(line, text))

    def link(self) -> None:
        """Prepares the questions below, once everything is read."""
        parents: dict[str, list[str]] = {}
        for name, group in self.groups.items():
            for child in group.children:
                parents.setdefault(child, []).append(name)
            for host in group.hosts:
                self._direct.setdefault(host, []).append(name)
        for name in self.groups:
            self._above[name] = _distances(name, parents)

    def above(self, group: str) -> Mapping[str, int]:
        """The groups around a group, itself included, and how far out each is."""
        return self._above.get(group, {})

    def around(self, host: str) -> frozenset[str]:
        """All groups that a host is in."""
        return frozenset(
            outer for group in self._direct.get(host, ()) for outer in self.above(group)
        )

    def order(self, groups: Iterable[str]) -> list[str]:
        """Groups in the order of the text."""
        wanted = frozenset(groups)
        return [name for name in self.groups if name in wanted]

    def variables(self, host: str) -> dict[str, str]:
        """A host's variables: `all`, then the outer groups, then the inner ones, then its own."""
        distance: dict[str, int] = {"all": 1 << 30} if "all" in self.groups else {}
        for group in self._direct.get(host, ()):
            for outer, steps in self.above(group).items():
                if outer != "all":
                    distance[outer] = min(steps, distance.get(outer, steps))
        found: dict[str, str] = {}
        for name in sorted(distance, key=lambda name: (-distance[name], name)):
            found |= self.groups[name].variables
        return found | self.members[host].variables


def _distances(name: str, parents: Mapping[str, list[str]]) -> dict[str, int]:
    """How many steps each outer group is away; a circle of groups is walked once."""
    found = {name: 0}
    waiting = [name]
    for group in waiting:
        for outer in parents.get(group, ()):
            if outer not in found:
                found[outer] = found[group] + 1
                waiting.append(outer)
    return found


def read_ini(lines: Iterable[str], found: Gathering) -> Inventory:
    """The inventory in INI lines; lines without meaning are rejected one by one."""
    inventory = Inventory(found.spend)
    group, kind = "ungrouped", "hosts"
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if not text or text[0] in "#;":
            continue
        try:
            if len(line) > MAX_LINE:
                raise Unreadable(f"the line has {len(line)} characters, {MAX_LINE} are the most")
            section = _SECTION.fullmatch(text)
            if section:
                group, kind = section[1], section[2] or "hosts"
                inventory.group(group)
            elif kind == "children":
                inventory.group(_one_word(text))
                inventory.group(group).children[_one_word(text)] = None
            elif kind == "vars":
                key, value = _variable(text)
                inventory.group(group).variables[key] = value
            else:
                _ini_hosts(inventory, group, number, text)
        except Unreadable as problem:
            found.reject(number, line, problem)
    inventory.link()
    return inventory


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text, comments=True)
    except ValueError:
        raise Unreadable("a quote is not closed", _EXAMPLE) from None


def _one_word(text: str) -> str:
    words = _words(text)
    if len(words) != 1:
        raise Unreadable("a line of a :children section is the name of one group", "kube_node")
    return words[0]


def _variable(text: str) -> tuple[str, str]:
    match = _VARIABLE.fullmatch(text)
    if match is None:
        raise Unreadable(f"{shown(text)} is not KEY=VALUE", "ansible_user=ops")
    value = match[2].strip()
    if len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]:
        value = value[1:-1]
    return match[1], value


def _ini_hosts(inventory: Inventory, group: str, number: int, text: str) -> None:
    pattern, *settings = _words(text) or [""]
    if text.startswith("["):
        raise Unreadable(f"{shown(text)} is not a group: [name], [name:children] or [name:vars]")
    variables = dict(_variable(word) for word in settings)
    _add(inventory, group, number, text, pattern, variables)


def _add(
    inventory: Inventory,
    group: str,
    number: int,
    text: str,
    pattern: str,
    variables: Mapping[str, str],
) -> None:
    """Takes the host of a name, or all of those in its range; `name:port` says a port as well."""
    names = [row[0] for row in expand([pattern])]
    inventory.spend(number, len(names))
    single = {"ansible_host", "ansible_ssh_host", "ip"} & variables.keys()
    if len(names) > 1 and single:
        raise Unreadable(
            f"{len(names)} hosts can't have one address together ({single.pop()})",
            "cp1 ansible_host=10.0.0.11",
        )
    for name in names:
        own = dict(variables)
        host, colon, port = name.rpartition(":")
        bracketed = host.startswith("[") and host.endswith("]")
        if colon and port.isdigit() and (bracketed or ":" not in host):
            name = host.strip("[]")
            own.setdefault("ansible_port", port)
        inventory.member(group, name, number, text).variables.update(own)


def read_yaml(text: str, found: Gathering) -> Inventory:
    """The inventory in a YAML (or JSON) text. Raises Unreadable for YAML that is not taken."""
    try:
        document = read_document(text)
    except Fatal as fatal:
        what = fatal.problem.what
        subject = "the text " if what.startswith(("is ", "holds ")) else ""
        raise Unreadable(subject + what, line=fatal.problem.line) from None
    for problem in document.problems:
        if "twice" in problem.what:
            found.note(f"line {problem.line}: {problem.path} {problem.what}; the first one counts")
    inventory = Inventory(found.spend)
    reader = _YamlGroups(document, lines_of(text), inventory, found)
    if not isinstance(document.data, dict):
        raise Unreadable("a YAML inventory is a map of groups", "all: {hosts: {cp1: {}}}")
    for name, body in document.data.items():
        reader.group(name, body, (name,))
    inventory.link()
    return inventory


class _YamlGroups:
    """Walks the groups of a YAML inventory."""

    def __init__(
        self, document: Document, lines: list[str], inventory: Inventory, found: Gathering
    ) -> None:
        self._document = document
        self._lines = lines
        self._inventory = inventory
        self._found = found

    def group(self, name: str, body: Any, loc: Loc) -> None:
        """Takes one group and those in it; parts of the wrong shape are rejected."""
        try:
            group = self._inventory.group(name)
            parts = self._map(body, "a group")
        except Unreadable as problem:
            self._reject(loc, problem)
            return
        for key, value in parts.items():
            at = (*loc, key)
            try:
                self._part(name, group, key, value, at)
            except Unreadable as problem:
                self._reject(at, problem)

    def _part(self, name: str, group: Group, key: str, value: Any, at: Loc) -> None:
        if key == "vars":
            group.variables |= _texts(self._map(value, "vars"))
        elif key == "children":
            for child, body in self._map(value, "children").items():
                group.children[child] = None
                self.group(child, body, (*at, child))
        elif key == "hosts":
            for host, variables in self._map(value, "hosts").items():
                self._host(name, host, variables, (*at, host))
        else:
            raise Unreadable(f"{shown(key)} is not a part of a group: hosts, children or vars")

    def _host(self, group: str, name: str, variables: Any, at: Loc) -> None:
        try:
            own = _texts(self._map(variables, "a host"))
            line = self._document.line(at)
            _add(self._inventory, group, line, self._text(line), name, own)
        except Unreadable as problem:
            self._reject(at, problem)

    def _map(self, value: Any, what: str) -> dict[str, Any]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise Unreadable(f"{what} of an inventory is a map", "hosts: {cp1: {}}")
        return value

    def _reject(self, at: Loc, problem: Unreadable) -> None:
        line = self._document.line(at)
        self._found.reject(line, self._text(line), problem)

    def _text(self, line: int) -> str:
        return self._lines[line - 1] if 0 < line <= len(self._lines) else ""


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """The variables that are plain values, as text; lists and maps are nothing for a login."""
    return {
        key: str(value)
        for key, value in values.items()
        if isinstance(value, str | int) and not isinstance(value, bool)
    }

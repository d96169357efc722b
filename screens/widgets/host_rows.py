"""What the list of hosts shows: one row for each entry, its problems, and what is still needed.

Pure. The answers may hold anything, since drafts and presets are files: a value that is no host is
a row all the same, so that it can be seen and deleted.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from haui.clusterfile.problem import SpecProblem
from haui.clusterfile.types import is_address
from haui.drawing.facts import hosts_needed
from haui.wizard.answers import Answers
from haui.wizard.ask_hosts import HOST_QUESTIONS, ROLES
from haui.wizard.hostlists.result import cleaned
from haui.wizard.questions import endpoint_of, placement_of, topology_of

ROLE_WORDS = {str(role.value): role.label for role in ROLES}
"""What a role is called on screens."""

_FIELDS = {question.id: question.label for question in HOST_QUESTIONS}
_MISSING = ("an answer is needed", "a host without a role has nothing to do")


@dataclass(frozen=True, slots=True, kw_only=True)
class RowProblem:
    """What is wrong with one field of a host; `missing` when it only has no answer yet."""

    field: str
    what: str
    example: str = ""
    missing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRow:
    """One host, as text that is safe to show. `place` counts from 0 in the list of hosts."""

    place: int
    name: str = ""
    address: str = ""
    roles: tuple[str, ...] = ()
    ssh: str = ""
    labels: str = ""
    rest: str = ""
    problems: tuple[RowProblem, ...] = ()

    @property
    def state(self) -> tuple[str, str]:
        """The state's word, and what is said of it in a few letters: "wrong", "address"."""
        if not self.problems:
            return "ok", "ok"
        wrong = [problem for problem in self.problems if not problem.missing]
        first = wrong[0] if wrong else self.problems[0]
        more = f" +{len(self.problems) - 1}" if len(self.problems) > 1 else ""
        return (
            ("wrong", f"{first.field}{more}") if wrong else ("warning", f"no {first.field}{more}")
        )

    @property
    def called(self) -> str:
        """How sentences name the host."""
        return self.name or self.address or f"host {self.place + 1}"

    def has(self, words: str) -> bool:
        """Whether each of the words stands somewhere in the row."""
        roles = " ".join(ROLE_WORDS.get(role, role) for role in self.roles)
        text = " ".join(
            (self.name, self.address, roles, *self.roles, self.ssh, self.labels, self.rest,
             self.state[1])
        ).casefold()  # fmt: skip
        return all(word in text for word in words.casefold().split())


def host_list(value: Any) -> list[Any]:
    """The entries of `hosts` as the answers hold them, whatever they are."""
    return list(value) if isinstance(value, list | tuple) else []


def rows_of(hosts: Any, problems: Iterable[SpecProblem] = ()) -> tuple[HostRow, ...]:
    """A row for each entry, with the problems of each host."""
    entries = host_list(hosts)
    told: dict[int, dict[str, RowProblem]] = {}
    for place, problem in _repeated(entries):
        told.setdefault(place, {})[problem.field] = problem
    for found in problems:
        if len(found.loc) > 1 and found.loc[0] == "hosts" and isinstance(found.loc[1], int):
            row_problem = _problem(found)
            told.setdefault(found.loc[1], {}).setdefault(row_problem.field, row_problem)
    return tuple(
        _row(place, entry, tuple(told.get(place, {}).values()))
        for place, entry in enumerate(entries)
    )


def _problem(found: SpecProblem) -> RowProblem:
    key = ".".join(str(part) for part in found.loc[2:])
    field = next((label for id, label in _FIELDS.items() if key.startswith(id)), "")
    missing = found.what in _MISSING
    return RowProblem(
        field=(field or "entry").replace("Roles", "role").lower().replace("ssh", "SSH"),
        what=cleaned(found.what, 300),
        example=cleaned(found.example, 200),
        missing=missing,
    )


def _repeated(entries: Sequence[Any]) -> Iterator[tuple[int, RowProblem]]:
    """Names and addresses that an earlier host has already; said whatever else is wrong."""
    for field, example in (("name", "wk-b"), ("address", "10.30.0.22")):
        seen: dict[str, int] = {}
        for place, entry in enumerate(entries):
            value = entry.get(field) if isinstance(entry, Mapping) else None
            if not isinstance(value, str) or not value:
                continue
            first = seen.setdefault(_plain(value), place)
            if first != place:
                other = cleaned(str(entries[first].get("name") or ""), 60)
                who = f"host {first + 1}" + (f" ({other})" if other and field != "name" else "")
                what = f"{cleaned(value, 60)} is the {field} of {who} already"
                yield place, RowProblem(field=field, what=what, example=example)


def _plain(text: str) -> str:
    """An address in its usual spelling, anything else as it is."""
    return str(ipaddress.ip_address(text)) if is_address(text) else text


def _row(place: int, entry: Any, problems: tuple[RowProblem, ...]) -> HostRow:
    if not isinstance(entry, Mapping):
        problem = RowProblem(field="entry", what="this is no host", example="delete it with d")
        return HostRow(place=place, name=_text(entry), problems=(problem,))
    labels = entry.get("labels")
    shown = labels if not isinstance(labels, Mapping) else None
    pairs = labels.items() if isinstance(labels, Mapping) else ()
    others = (("", entry.get("interface")), ("key ", entry.get("fingerprint")))
    return HostRow(
        place=place,
        name=_text(entry.get("name")),
        address=_text(entry.get("address")),
        roles=_roles(entry.get("roles")),
        ssh=_ssh(entry.get("ssh")),
        labels=_text(shown) or ", ".join(f"{_text(key)}={_text(value)}" for key, value in pairs),
        rest=", ".join(f"{what}{_text(value)}" for what, value in others if value),
        problems=problems,
    )


def _text(value: Any) -> str:
    return "" if value is None else cleaned(str(value))


def _roles(value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return (_text(value),)
    return tuple(_text(role) for role in value) if isinstance(value, list | tuple) else ()


def _ssh(value: Any) -> str:
    """What differs, as in `ops@203.0.113.7:2222`, `ops:2222`, `:2222`."""
    if not isinstance(value, Mapping):
        return _text(value)
    user, where, port = (_text(value.get(key)) for key in ("user", "address", "port"))
    where = f"[{where}]" if port and ":" in where else where
    text = "@".join(part for part in (user, where) if part) + (f":{port}" if port else "")
    key = _text(value.get("key"))
    return " ".join(part for part in (text, key) if part)


def roles_needed(answers: Answers) -> dict[str, int]:
    """How many hosts of which role are still needed, in the order in which they are begun with."""
    topology = str(topology_of(answers) or "stacked")
    least = hosts_needed(topology, str(endpoint_of(answers) or ""), str(placement_of(answers)))
    rows = rows_of(answers.get("hosts"))
    count = {role: sum(role in row.roles for row in rows) for role in ROLE_WORDS}
    planes, members = count["control-plane"], count["etcd"]
    needed = {
        "control-plane": least.control_planes - planes,
        "etcd": _odd(members) - members if topology == "external" else 0,
        "load-balancer": least.balancers - count["load-balancer"],
        "worker": 0 if count["worker"] else 1,
    }
    if topology == "stacked":
        needed["control-plane"] = _odd(planes) - planes
    elif topology == "external" and planes:
        needed["control-plane"] = 0
    return {role: number for role, number in needed.items() if number > 0}


def _odd(count: int) -> int:
    """The next number of etcd members that makes sense."""
    return next((number for number in (3, 5, 7) if number >= count), count)


def counted(number: int, role: str) -> str:
    """As in "2 control planes"."""
    word = ROLE_WORDS.get(role, role)
    word = f"{word} host" if role in ("etcd", "registry", "storage") else word
    return f"{number} {word}{'' if number == 1 else 's'}"


def summary_of(rows: Iterable[HostRow]) -> str:
    """How many hosts of each role there are: "3 control planes, 2 workers"."""
    count: dict[str, int] = {}
    for row in rows:
        for role in row.roles:
            count[role] = count.get(role, 0) + 1
    return ", ".join(counted(count[role], role) for role in ROLE_WORDS if role in count)


def list_problems(problems: Iterable[SpecProblem]) -> tuple[SpecProblem, ...]:
    """The problems that are those of no single host."""
    return tuple(found for found in problems if found.loc[:1] != ("hosts",) or len(found.loc) < 2)

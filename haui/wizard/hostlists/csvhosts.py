"""Host lists as tables: fields separated by comma, semicolon or tab, with or without a header.

Without a header the cells of a row are words in any order, as in a pasted line. One row is one
line: a quoted cell with a line break in it is not understood.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from typing import Any

from haui.wizard.hostlists.entry import EXAMPLE, Said, distinct, entry, looks_like_address, target
from haui.wizard.hostlists.lines import KEYS, read_words
from haui.wizard.hostlists.ranges import expand
from haui.wizard.hostlists.result import MAX_LINE, Gathering, HostList, Unreadable, gather

_DELIMITERS = ("\t", ";", ",")
_HEADS = {
    **KEYS,
    "host": "name",
    "hostname": "name",
    "node": "name",
    "nodename": "name",
    "fqdn": "name",
    "server": "name",
    "ipaddress": "address",
    "ipaddr": "address",
    "ipv4": "address",
    "ipv6": "address",
    "addr": "address",
    "hostaddress": "address",
    "ansiblehost": "address",
    "type": "role",
    "group": "role",
    "groups": "role",
    "sshuser": "user",
    "username": "user",
    "ansibleuser": "user",
    "sshport": "port",
    "ansibleport": "port",
    "sshkey": "key",
    "keyfile": "key",
    "identityfile": "key",
    "privatekey": "key",
    "labels": "labels",
    "label": "labels",
}
_PASSWORD = re.compile(r"pass|secret|token|pwd", re.IGNORECASE)


def parse_csv(text: str) -> HostList:
    """The hosts in a table. Never raises.

    Columns go by their heads (name, address, roles, user, port, key, labels, `label:KEY` and the
    usual other words for them); columns with other heads are left out with a note.
    """
    return gather(text, _read)


def is_csv(text: str) -> bool:
    """Whether the text is a table: a known header, or rows whose first cell is a single word."""
    rows = [line for line in text.splitlines()[:50] if _is_row(line)]
    if not rows:
        return False
    delimiter = _delimiter(rows)
    if delimiter is None:
        return False
    first = rows[0].split(delimiter)
    if _header(first):
        return True
    cells = [row.split(delimiter) for row in rows]
    return delimiter != "\t" and all(
        len(row) > 1 and len(row[0].split()) == 1 and "[" not in row[0] for row in cells
    )


def _is_row(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")


def _delimiter(rows: Sequence[str]) -> str | None:
    """The delimiter that most rows have."""
    counts = {mark: sum(mark in row for row in rows) for mark in _DELIMITERS}
    best = max(_DELIMITERS, key=lambda mark: counts[mark])
    return best if counts[best] * 2 > len(rows) else None


def _header(cells: Sequence[str]) -> list[str] | None:
    """The field of each column, empty for unknown ones; None when this is no header."""
    if any(looks_like_address(cell.strip()) for cell in cells if "label:" not in cell):
        return None
    fields = []
    for cell in cells:
        head = cell.strip().strip('"').strip()
        known = _HEADS.get(re.sub(r"[\s_-]+", "", head.lower()), "")
        fields.append(head if re.fullmatch(r"label:\S+", head) else known)
    return fields if {"name", "address"} & set(fields) else None


def _read(found: Gathering, lines: list[str]) -> None:
    numbered = [(number, line) for number, line in enumerate(lines, 1) if _is_row(line)]
    delimiter = _delimiter([line for _, line in numbered[:50]]) or ","
    fields: list[str] | None = None
    secret = False
    for place, (number, line) in enumerate(numbered):
        shown = "" if secret else line
        try:
            cells = _cells(line, delimiter)
            if place == 0 and (fields := _header(cells)):
                secret = _note_columns(found, cells, fields)
                continue
            if fields is not None:
                shown = delimiter.join(_used(cells, fields))
                found.add(number, _hosts(found, number, cells, fields))
            else:
                found.add(
                    number, read_words(found, number, [w for cell in cells for w in cell.split()])
                )
        except Unreadable as problem:
            found.reject(number, shown, problem)


def _note_columns(found: Gathering, cells: Sequence[str], fields: Sequence[str]) -> bool:
    """Notes the columns that are left out; returns whether one of them holds passwords."""
    dropped = [head.strip() for head, field in zip(cells, fields, strict=True) if not field]
    secret = [head for head in dropped if _PASSWORD.search(head)]
    other = [head for head in dropped if head and head not in secret]
    if other:
        found.note(f"columns that are not used: {', '.join(other)}")
    if secret:
        found.note(f"not taken over: {', '.join(secret)}; passwords are asked for when needed")
    return bool(secret)


def _cells(line: str, delimiter: str) -> list[str]:
    if len(line) > MAX_LINE:
        raise Unreadable(f"the line has {len(line)} characters, {MAX_LINE} are the most")
    try:
        return next(csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True), [])
    except csv.Error:
        raise Unreadable(
            "the quotes of a cell are not in pairs, or it holds a line break",
            'cp1,10.0.0.11,"control-plane, worker"',
        ) from None


def _used(cells: Sequence[str], fields: Sequence[str]) -> list[str]:
    return [cell for cell, field in zip(cells, fields, strict=False) if field]


def _hosts(
    found: Gathering, line: int, cells: Sequence[str], fields: Sequence[str]
) -> list[dict[str, Any]]:
    if any(cell.strip() for cell in cells[len(fields) :]):
        raise Unreadable(
            f"the row has {len(cells)} cells, the header has {len(fields)}",
            EXAMPLE.replace(" ", ","),
        )
    pairs = [(f, c.strip()) for f, c in zip(fields, cells, strict=False) if f and c.strip()]
    rows = expand([text for _, text in pairs], fixed=[field == "key" for field, _ in pairs])
    found.spend(line, len(rows))
    return distinct(
        [
            entry(_said([(field, text) for (field, _), text in zip(pairs, row, strict=True)]))
            for row in rows
        ]
    )


def _said(pairs: Sequence[Said]) -> list[Said]:
    said: list[Said] = []
    for field, text in pairs:
        if field in ("name", "address") and ("@" in text or ":" in text):
            said += target(text)
        elif field == "labels":
            said += [_label(word) for word in re.split(r"[\s,;|]+", text) if word]
        else:
            said.append((field, text))
    return said


def _label(word: str) -> Said:
    key, sign, value = word.partition("=")
    if not sign:
        raise Unreadable("a label is written KEY=VALUE", "rack=r1")
    return f"label:{key}", value

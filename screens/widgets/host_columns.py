"""The columns of the list of hosts: what stands in them, and how wide they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from textual.content import Content

from screens.glyphs import Glyphs, toned
from screens.widgets.host_rows import ROLE_WORDS, HostRow

ROLE_STYLES: Final = {
    "control-plane": "$primary",
    "etcd": "$success",
    "load-balancer": "$warning",
    "worker": "",
}
"""Roles by colour; the word is always there."""

_HEADS = ("name", "address", "roles", "ssh", "labels", "state")
_LEAST = {"name": 8, "address": 12, "roles": 13, "ssh": 8, "labels": 8, "state": 10}
_MOST = {"name": 32, "address": 39, "roles": 44, "ssh": 32, "labels": 40, "state": 18}


def name_text(row: HostRow, *, under: bool) -> Content:
    """The host's name, or that it has none."""
    if not row.name:
        return toned("no name", style="$text-disabled")
    return toned(row.name, "strong" if under else "plain")


def roles_text(roles: Sequence[str], glyphs: Glyphs) -> Content:
    """Roles as coloured words with a dot between them."""
    if not roles:
        return toned("no role", style="$text-disabled")
    words = [toned(ROLE_WORDS.get(r, r), style=ROLE_STYLES.get(r, "$text-muted")) for r in roles]
    return toned(f" {glyphs.dot} ", "dim").join(words)


def fitted(content: Content, width: int) -> Content:
    """Exactly `width` columns; what is too long is cut with an ellipsis."""
    if content.cell_length > width:
        content = content.truncate(width, ellipsis=True)
    return content.pad_right(max(0, width - content.cell_length))


def widths_for(width: int, rows: Sequence[HostRow]) -> dict[str, int]:
    """The columns that are shown, and how wide: by their longest cell, the labels giving way first.

    SSH and labels have a column only where there is something in it and room for it.
    """
    wanted = {
        "name": max((cell_len(row.name) for row in rows), default=0),
        "address": max((cell_len(row.address) for row in rows), default=0),
        "roles": max((cell_len(_plain_roles(row)) for row in rows), default=0),
        "ssh": max((cell_len(row.ssh) for row in rows), default=0),
        "labels": max((cell_len(row.labels) for row in rows), default=0),
        "state": max((cell_len(row.state[1]) + 2 for row in rows), default=0),
    }
    columns = {
        key: min(max(wanted[key], _LEAST[key]), _MOST[key])
        for key in _HEADS
        if wanted[key] or key not in ("ssh", "labels")
    }
    for key in ("labels", "ssh"):
        if key in columns and _total(columns) > width:
            columns[key] = max(_LEAST[key], columns[key] - (_total(columns) - width))
            if _total(columns) > width:
                del columns[key]
    for key in ("roles", "address", "name", "state"):
        over = _total(columns) - width
        if over > 0:
            columns[key] = max(_LEAST[key], columns[key] - over)
    return columns


def _plain_roles(row: HostRow) -> str:
    return " · ".join(ROLE_WORDS.get(role, role) for role in row.roles)


def _total(columns: dict[str, int]) -> int:
    return sum(columns.values()) + 2 * (len(columns) - 1)

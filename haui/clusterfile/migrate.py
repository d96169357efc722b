"""Cluster files and presets of older formats, brought to this one step by step.

A migration changes a document in place, its data and where each part stands, so that an error in a
migrated value still points at the line that was written. `haui/0` is the shape that files had
before the first release: `control_plane_endpoint: name:port`, `kubernetes_version`, `pod_cidr`,
`service_cidr` and `cni` at the top, everything else as in haui/1. It had no word for the kind of
the endpoint, so a cluster file has to say that after the migration; a preset may leave it out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from haui.clusterfile.problem import Loc, SpecProblem, path_text
from haui.clusterfile.types import shown
from haui.clusterfile.yamltree import Document, Mark

CURRENT = 1
"""The number of the format that this haui reads and writes."""

Migration = Callable[[Document], None]


def number_of(said: object) -> int | None:
    """The number in `haui/N`; None when that is not what stands there."""
    prefix, slash, number = str(said).partition("/")
    plain = number.isascii() and number.isdigit() and len(number) < 9
    return int(number) if prefix == "haui" and slash and plain else None


def migrate(document: Document, number: int) -> None:
    """Bring a document from format `number` to the current one; says in `notes` what it changed.

    What can't be brought over is added to its problems. `number` is one of MIGRATIONS.
    """
    line = document.line(("format",))
    for step in range(number, CURRENT):
        MIGRATIONS[step](document)
    document.data["format"] = f"haui/{CURRENT}"
    document.notes.insert(0, f"line {line}: read as format haui/{number}, now haui/{CURRENT}")


def _from_0(document: Document) -> None:
    _split_endpoint(document)
    for old, new in (
        ("kubernetes_version", ("kubernetes", "version")),
        ("pod_cidr", ("network", "pods")),
        ("service_cidr", ("network", "services")),
        ("cni", ("network", "cni", "kind")),
    ):
        if old in document.data:
            _put(document, (old,), new, document.data.pop(old), document.marks.get((old,)))


def _split_endpoint(document: Document) -> None:
    old = "control_plane_endpoint"
    if old not in document.data:
        return
    value, mark = document.data.pop(old), document.marks.get((old,))
    name, colon, port = value.rpartition(":") if isinstance(value, str) else ("", "", "")
    plain = port.isascii() and port.isdigit() and len(port) < 6
    if not (colon and name and plain):
        what = f"{shown(value)} is not name:port"
        example = "endpoint: {name: api.atlas.lan, port: 8443}"
        line = document.line((old,))
        document.problems.append(SpecProblem(loc=(old,), what=what, example=example, line=line))
        return
    _put(document, (old,), ("endpoint", "name"), name, mark and replace(mark, text=name))
    _put(document, (old,), ("endpoint", "port"), int(port), mark and replace(mark, text=port))
    if "kind" not in document.data["endpoint"]:
        document.notes.append("endpoint.kind is not said: haui/0 had no word for it")


def _put(document: Document, old: Loc, new: Loc, value: Any, mark: Mark | None) -> None:
    """Puts a value where it belongs now; a value that stands there already is a problem."""
    part = document.data
    line = document.line(old)
    for end, key in enumerate(new[:-1], 1):
        inner = part.setdefault(key, {})
        if not isinstance(inner, dict):
            what = f"stands beside {path_text(new[:end])}, which is no map"
            document.problems.append(SpecProblem(loc=old, what=what, line=line))
            return
        document.marks.setdefault(new[:end], Mark(line, line))
        part = inner
    if new[-1] in part:
        what = f"stands beside {path_text(new)}, which means the same"
        document.problems.append(SpecProblem(loc=old, what=what, line=line))
        return
    part[new[-1]] = value
    if mark is not None:
        document.marks[new] = mark
    document.notes.append(f"line {line}: {path_text(old)} is {path_text(new)} now")


MIGRATIONS: Mapping[int, Migration] = {0: _from_0}
"""By the format's number that they read; each writes the next one."""

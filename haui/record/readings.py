"""Readings of a preflight in a file: what hosts have said, to be judged again without them.

One JSON document of the format haui-facts/1: haui's version, the cluster's name, the time, what
the bastion told, and for each host its readings by step and the steps that it could not be asked
in, with the error. Only what judging steps have read is in it; what changes a host is not.

A file may come from somebody else, so nothing of it is trusted: texts are cleaned as those of a
host are, and everything of another type is an error.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, NoReturn

from haui import bounded_json
from haui.errors import UsageError
from haui.evidence import Evidence, Reading
from haui.plainfile import read_at_most
from haui.transport.text import clean_text
from haui.wholefile import write_whole

FORMAT = "haui-facts/1"
LARGEST = 64 << 20
"""Bytes; a hundred hosts have told about a tenth of it."""
MOST_PARTS = 3_000_000
"""Commas and opening brackets; facts have about one in fifty bytes."""
_MARK = b'{\n "format": "haui-facts/'
"""How every such file begins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """Why a host could not be asked. `lost`: because of its connection."""

    what: str
    why: str = ""
    fix: str = ""
    lost: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The readings of one preflight: `evidence`, and by host and step what is missing in it."""

    cluster: str
    haui: str
    at: str
    evidence: Evidence
    missed: Mapping[str, Mapping[str, Missed]] = field(default_factory=dict)

    @property
    def hosts(self) -> frozenset[str]:
        """The names of all that were asked."""
        asked = {name for readings in self.evidence.readings.values() for name in readings}
        return frozenset(asked | self.missed.keys())


def check_target(path: Path) -> None:
    """Raises UsageError when facts can't be saved there: before the hosts are asked."""
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(
            f"facts can't be saved as {path}",
            why="it is a folder" if path.is_dir() else "its folder does not exist",
            fix="name a file in a folder that exists, e.g. --save facts.json",
        )
    try:
        ours = read_at_most(path, len(_MARK)).startswith(_MARK)
    except FileNotFoundError:
        return
    except OSError as error:
        raise UsageError(
            f"{path} can't be read", why=error.strerror or str(error), fix="name another file"
        ) from error
    if not ours:
        raise UsageError(
            f"{path} exists already, and is no file of facts",
            fix="name another file; only a file of facts is replaced",
        )


def save(path: Path, saved: Saved, *, mask: Callable[[str], str] = str) -> None:
    """Write the file, all or nothing, mode 0600. `mask` keeps secrets out of the texts.

    Raises UsageError when it can't be written, or another file stands there.
    """
    check_target(path)
    body = json.dumps(_document(saved, mask), indent=1, ensure_ascii=True).encode() + b"\n"
    try:
        write_whole(path.absolute(), body)
    except OSError as error:
        raise UsageError(
            f"{path} can't be written", why=error.strerror or str(error), fix="name another file"
        ) from error


def load(path: Path) -> Saved:
    """Read such a file. Raises UsageError for everything that is none."""
    try:
        data = read_at_most(path, LARGEST)
    except OSError as error:
        raise UsageError(
            f"{path} can't be read",
            why=error.strerror or str(error),
            fix="haui preflight FILE --save FACTS makes such a file",
        ) from error
    if len(data) > LARGEST:
        _refuse(path, f"it is larger than {LARGEST >> 20} MiB")
    try:
        document = bounded_json.loads(data, parts=MOST_PARTS)
    except ValueError as error:
        _refuse(path, f"it is not complete JSON: {error}")
    try:
        return _saved(document)
    except _WrongError as error:
        _refuse(path, str(error))


class _WrongError(Exception):
    """Something in the document is not as it must be."""


def _refuse(path: Path, why: str) -> NoReturn:
    raise UsageError(
        f"{path} is no file of facts that this haui can read",
        why=why,
        fix="haui preflight FILE --save FACTS makes such a file",
    )


def _document(saved: Saved, mask: Callable[[str], str]) -> dict[str, Any]:
    hosts: dict[str, dict[str, Any]] = {
        name: {"readings": {}, "missed": {}} for name in sorted(saved.hosts)
    }
    for step, readings in saved.evidence.readings.items():
        for name, reading in readings.items():
            hosts[name]["readings"][step] = _plain(reading, mask)
    for name, steps in saved.missed.items():
        for step, missed in steps.items():
            hosts[name]["missed"][step] = _plain(missed, mask)
    return {
        "format": FORMAT,
        "haui": saved.haui,
        "cluster": saved.cluster,
        "at": saved.at,
        "hosts": hosts,
    }


def _plain(part: Reading | Missed, mask: Callable[[str], str]) -> dict[str, Any]:
    values = {each.name: getattr(part, each.name) for each in fields(part)}
    return {key: mask(said) if isinstance(said, str) else said for key, said in values.items()}


def _saved(document: object) -> Saved:
    top = _map(document, "the document")
    kind = top.get("format")
    if kind != FORMAT:
        raise _WrongError(f"its format is {str(kind)[:60]!r}, not {FORMAT!r}")
    evidence = Evidence()
    missed: dict[str, dict[str, Missed]] = {}
    for name, host in _map(top.get("hosts"), "hosts").items():
        parts = _map(host, f"hosts.{name}")
        for step, said in _map(parts.get("readings"), f"readings of {name}").items():
            evidence.keep(step, name, _reading(_map(said, f"{step} of {name}")))
        for step, said in _map(parts.get("missed"), f"what is missing of {name}").items():
            missed.setdefault(name, {})[step] = _missed(_map(said, f"{step} of {name}"))
    return Saved(
        cluster=_text(top, "cluster"),
        haui=_text(top, "haui"),
        at=_text(top, "at"),
        evidence=evidence,
        missed=missed,
    )


def _reading(said: Mapping[str, object]) -> Reading:
    return Reading(
        text=_text(said, "text"),
        status=int(_number(said, "status")),
        stderr=_text(said, "stderr"),
        asked=_number(said, "asked"),
        answered=_number(said, "answered"),
        noise=_text(said, "noise"),
    )


def _missed(said: Mapping[str, object]) -> Missed:
    if not isinstance(said.get("lost"), bool):
        raise _WrongError("lost is not true or false")
    what, why, fix = (_text(said, part) for part in ("what", "why", "fix"))
    return Missed(what=what, why=why, fix=fix, lost=bool(said["lost"]))


def _map(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _WrongError(f"{what[:100]} is not a map")
    return value


def _text(said: Mapping[str, object], part: str) -> str:
    value = said.get(part)
    if not isinstance(value, str):
        raise _WrongError(f"{part} is not a text")
    # Half a surrogate pair is legal in JSON, and can't be printed.
    return clean_text(value.encode("utf-8", "replace").decode())


def _number(said: Mapping[str, object], part: str) -> float:
    value = said.get(part)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _WrongError(f"{part} is not a number")
    if not math.isfinite(value) or abs(value) > 1e15:
        raise _WrongError(f"{part} is out of range")
    return value

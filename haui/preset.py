"""Presets: cluster files with parts left out, to start a new cluster from.

They ship in the package `presets`, and an admin's own are in the folder `presets` of haui's
configuration (`$XDG_CONFIG_HOME/haui/presets`). Left out may be the cluster's name, the endpoint or
its name and address, and the hosts or their names and addresses; everything else obeys the rules.
"""

from __future__ import annotations

import copy
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from haui.clusterfile.fill import Fleet, complete
from haui.clusterfile.load import (
    SpecFileError,
    anchored,
    located,
    parse,
    read_bytes,
    validate,
)
from haui.clusterfile.problem import Loc, SpecProblem
from haui.clusterfile.rules import problems, refusals
from haui.clusterfile.yamltree import Document, Fatal, decode
from haui.errors import SpecError, UsageError
from haui.folders import presets_folder
from haui.preset_export import export, export_draft
from haui.spec import ClusterSpec

__all__ = [
    "DEFAULT_PRESET",
    "Preset",
    "check",
    "check_file",
    "export",
    "export_draft",
    "is_shipped",
    "list_presets",
    "load_preset",
    "may_be_missing",
    "own_folder",
    "preset_text",
    "read_preset",
    "rehearsal_answers",
    "rehearsal_spec",
]

DEFAULT_PRESET = "stacked-3-keepalived-haproxy"
FEWEST_HOSTS, MOST_HOSTS = 3, 100
"""How many hosts a rehearsal may have."""

_ROUTER = {"address": "192.0.2.1", "asn": 65001}
"""Stands for a BGP router that a preset leaves out; the address is nobody's (RFC 5737)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A preset's text and its answers as plain data (what is left out is absent).

    `title` is the first comment line. `own` tells the admin's presets from those that ship.
    `notes` say what was changed to read one of an older format. `problem` is why it can't be used,
    with file and line; only `list_presets` returns such presets.
    """

    name: str
    title: str
    text: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    own: bool = False
    notes: tuple[str, ...] = ()
    problem: str = ""


def own_folder() -> Path:
    """Where the admin's presets are; need not exist."""
    return presets_folder()


def list_presets(own: Path | None = None) -> tuple[Preset, ...]:
    """Those that ship, then the admin's (of the folder `own`), each by name."""
    found = [_preset(name, text) for name, text in sorted(_shipped().items())]
    folder = own_folder() if own is None else own
    try:
        mine = sorted(folder.glob("*.yaml")) if folder.is_dir() else []
    except OSError as error:
        said = f"{folder} can't be read: {error.strerror}"
        found.append(Preset(name=folder.name, title="", text="", own=True, problem=said))
        mine = []
    for path in mine:
        try:
            text = _read(path)
            found.append(_preset(path.stem, text, own=True, source=path.name, base=folder))
        except SpecError as error:
            said = _in_one_line(error)
            found.append(Preset(name=path.stem, title="", text="", own=True, problem=said))
    return tuple(found)


def load_preset(name: str, own: Path | None = None) -> Preset:
    """A preset by its name, or by the path of a file. Raises SpecError when there is none."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.parent != Path():
        return read_preset(path)
    shipped = _shipped()
    mine = (own_folder() if own is None else own) / f"{name}.yaml"
    if name in shipped:
        return _preset(name, shipped[name])
    try:
        if mine.is_file():
            return read_preset(mine)
    except OSError as error:
        raise SpecError(
            f"{mine} can't be read: {error.strerror}", fix="Make its folder readable."
        ) from error
    close = difflib.get_close_matches(name, list(shipped), n=1)
    raise SpecError(
        f"there is no preset {name!r}" + (f"; did you mean {close[0]}?" if close else ""),
        fix="haui preset list",
    )


def preset_text(name: str) -> str:
    """A preset as it is written, comments included."""
    return load_preset(name).text


def check(text: str, *, name: str = "preset") -> Mapping[str, Any]:
    """The answers in a preset or cluster file. Raises SpecFileError with all its problems."""
    answers: Mapping[str, Any] = _checked(text, name).data
    return answers


def _checked(text: str, name: str) -> Document:
    document = parse(text, name=name)
    found = list(document.problems) + _field_problems(document)
    if not found:
        spec, found = validate(document, _completed(document.data))
        if spec is not None:
            found += [*problems(spec), *refusals(spec)]
    if found:
        raise SpecFileError(name, located(document, found))
    return document


def _completed(
    answers: Mapping[str, Any], hosts: Sequence[Mapping[str, Any]] | None = None
) -> dict[str, Any]:
    """As haui.clusterfile.fill, and with a router: a preset may leave out to whom it announces."""
    data = complete(answers, hosts)
    endpoint = data["endpoint"]
    bgp = endpoint.get("bgp", {})
    if endpoint.get("mode") == "bgp" and not bgp.get("peers"):
        endpoint["bgp"] = {**bgp, "peers": [dict(_ROUTER)]}
    return data


def read_preset(path: Path) -> Preset:
    """A preset or cluster file of any place. Raises SpecError when it is none."""
    return _preset(path.stem, _read(path), own=True, source=str(path), base=path.parent)


def check_file(path: Path) -> Mapping[str, Any]:
    """`check` for a file. Raises SpecError when it can't be read, too."""
    return check(_read(path), name=str(path))


def _field_problems(document: Document) -> list[SpecProblem]:
    """What is wrong with the parts that are there."""
    _, found = validate(document)
    return [problem for problem in found if not (_missing(problem) and may_be_missing(problem.loc))]


def _missing(problem: SpecProblem) -> bool:
    return problem.what == "is missing"


def may_be_missing(loc: Loc) -> bool:
    """Whether a preset may leave out what stands there."""
    place = tuple("*" if isinstance(part, int) else part for part in loc)
    return place in {
        ("name",),
        ("hosts",),
        ("hosts", "*", "name"),
        ("hosts", "*", "address"),
        ("endpoint",),
        ("endpoint", "kind"),
        ("endpoint", "name"),
    }


def rehearsal_spec(preset: str | Preset = DEFAULT_PRESET, hosts: int | None = None) -> ClusterSpec:
    """A complete cluster of simulated hosts in the preset's shape: see `rehearsal_answers`."""
    chosen = load_preset(preset) if isinstance(preset, str) else preset
    spec, found = validate(Document(data={}), rehearsal_answers(chosen, hosts))
    if spec is not None:
        found = [*problems(spec), *refusals(spec)]
    if spec is None or found:
        raise SpecFileError(chosen.name, found)
    return spec


def rehearsal_answers(
    preset: str | Preset = DEFAULT_PRESET, hosts: int | None = None
) -> dict[str, Any]:
    """The answers for simulated hosts in the preset's shape, nothing left out.

    As many control planes, balancers and etcd hosts as the preset has (cp1…), the rest workers;
    without room for a worker the control planes take pods. Logins, fingerprints and named files
    are left out, the name is `rehearsal`. Raises UsageError for a number of hosts that does not
    fit, SpecError for a preset that is wrong.
    """
    chosen = load_preset(preset) if isinstance(preset, str) else preset
    if chosen.problem:
        raise SpecError(chosen.problem)
    fleet = Fleet.of(chosen.answers)
    count = (
        hosts
        if hosts is not None
        else max(fleet.listed, FEWEST_HOSTS)
        if fleet.listed
        else max(fleet.fixed + 2, 5)
    )
    least = max(FEWEST_HOSTS, fleet.fixed)
    if not least <= count <= MOST_HOSTS:
        raise UsageError(
            f"{chosen.name} can be rehearsed with {least} to {MOST_HOSTS} hosts, not {count}",
            fix=f"--hosts {min(max(count, least), MOST_HOSTS)}",
        )
    answers = _without_own_files(chosen.answers) | {"name": "rehearsal"}
    return _completed(answers, fleet.hosts(count))


def _without_own_files(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Answers without what only means something on the admin's machine: logins and named files."""
    data: dict[str, Any] = copy.deepcopy({k: v for k, v in answers.items() if k != "ssh"})
    supply = data.get("supply", {})
    supply.get("images", {}).pop("ca", None)
    data.get("network", {}).get("cni", {}).pop("manifest", None)
    packages = supply.get("packages", {})
    if packages.pop("key", None):
        packages["unsigned"] = True  # Simulated hosts verify nothing; the rules want an answer.
    return data


def is_shipped(name: str) -> bool:
    """Whether a preset of that name comes with haui."""
    return name in _shipped()


def _shipped() -> dict[str, str]:
    return {
        entry.name.removesuffix(".yaml"): entry.read_text(encoding="utf-8")
        for entry in resources.files("presets").iterdir()
        if entry.name.endswith(".yaml")
    }


def _read(path: Path) -> str:
    try:
        return decode(read_bytes(path))
    except Fatal as fatal:
        raise SpecFileError(str(path), [fatal.problem]) from None


def _preset(
    name: str, text: str, *, own: bool = False, source: str = "", base: Path | None = None
) -> Preset:
    """`base` is the folder that relative paths in the text are meant from."""
    document = _checked(text, source or name)
    answers = document.data if base is None else anchored(document.data, base.absolute())
    first = text.lstrip().splitlines()[0]
    title = first.removeprefix("#").strip() if first.startswith("#") else ""
    notes = tuple(document.notes)
    return Preset(name=name, title=title, text=text, answers=answers, own=own, notes=notes)


def _in_one_line(error: SpecError) -> str:
    """The first problem with its file and line, and how many more there are."""
    if not isinstance(error, SpecFileError) or len(error.problems) < 2:
        return error.what
    first, *rest = error.problems
    return f"{error.name}:{first.line}: {first.path}: {first.what}; and {len(rest)} more"

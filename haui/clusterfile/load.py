"""The cluster file: loads it with line numbers in every error, and writes it.

Loading reports all problems at once, sorted by line. Paths in the file are relative to its folder;
`~` is the admin's home. The files that steps need (a CA, a mirror's key, a manifest) are read here,
so that steps see nothing but the spec. SSH keys are not read here.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from haui.clusterfile.messages import example_at, from_pydantic, hidden_keys
from haui.clusterfile.migrate import CURRENT, MIGRATIONS, migrate, number_of
from haui.clusterfile.problem import Loc, SpecProblem
from haui.clusterfile.rules import problems, refusals
from haui.clusterfile.text import FILE_TEXTS, diff, dump, schema, spec_sha
from haui.clusterfile.types import shown
from haui.clusterfile.yamltree import MAX_BYTES, Document, Fatal, decode, read
from haui.errors import SpecError
from haui.plainfile import read_at_most
from haui.spec import ClusterSpec

__all__ = [
    "Loaded",
    "SpecFileError",
    "anchored",
    "diff",
    "dump",
    "load",
    "load_text",
    "parse",
    "read_bytes",
    "schema",
    "spec_sha",
]

FORMAT = f"haui/{CURRENT}"
MOST_SHOWN = 50
_PEM = ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
_PGP = ("-----BEGIN PGP PUBLIC KEY BLOCK-----", "-----END PGP PUBLIC KEY BLOCK-----")
_LOOKS = {
    "ca_pem": (_PEM, "a PEM certificate (-----BEGIN CERTIFICATE-----)"),
    "key_text": (_PGP, "an armored public key (gpg --armor --export)"),
    "manifest_text": (("kind:",), "a Kubernetes manifest"),
}


class SpecFileError(SpecError):
    """A cluster file with problems: all of them, sorted by line, in `problems`."""

    def __init__(self, name: str, found: Iterable[SpecProblem]) -> None:
        self.name = name
        self.problems = tuple(sorted(found, key=lambda problem: (problem.line, problem.loc == ())))
        if len(self.problems) == 1:
            one = self.problems[0]
            text = f"{one.path}: {one.what}" if one.loc else one.what
            super().__init__(
                f"{name}:{one.line}: {text}",
                fix=f"for example: {one.example}" if one.example else "",
            )
            return
        lines = [f"{name}:{problem.line}: {problem}" for problem in self.problems[:MOST_SHOWN]]
        if len(self.problems) > MOST_SHOWN:
            lines.append(f"and {len(self.problems) - MOST_SHOWN} more")
        super().__init__(f"{name} has {len(self.problems)} problems", why="\n".join(lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A valid cluster file. The spec holds absolute paths and the texts of the files it names.

    `notes` say what was changed to read a file of an older format.
    """

    spec: ClusterSpec
    path: Path | None = None
    notes: tuple[str, ...] = ()

    @property
    def ca_pem(self) -> str | None:
        """The text of supply.images.ca."""
        return self.spec.supply.images.ca_pem


def load(path: Path | str, *, files: bool = True) -> Loaded:
    """Load a cluster file; raises SpecFileError (exit 3) with every problem.

    `files=False` leaves the files that it names alone (to show a stored spec, not to run it).
    """
    path = Path(path)
    name = str(path)
    try:
        text = decode(read_bytes(path))
    except Fatal as fatal:
        raise SpecFileError(name, [fatal.problem]) from None
    loaded = load_text(text, name=name, base=path.absolute().parent, files=files)
    return replace(loaded, path=path.absolute())


def read_bytes(path: Path) -> bytes:
    """A file's first bytes, one more than is allowed at most. Raises SpecError."""
    try:
        return read_at_most(path, MAX_BYTES)
    except OSError as error:
        what = f"{path} can't be read: {error.strerror}"
        raise SpecError(
            what, fix="name a cluster file; 'haui preset list' shows templates"
        ) from error


def load_text(text: str, *, name: str, base: Path | None = None, files: bool = True) -> Loaded:
    """Load a cluster file's text; `name` stands for it in messages, `base` is its folder."""
    document = parse(text, name=name)
    found = list(document.problems)
    spec, wrong = validate(document)
    found += wrong
    if spec is not None:
        found += [*problems(spec), *refusals(spec)]
        if files:
            spec, missing = with_files(spec, base or Path.cwd())
            found += missing
    if spec is None or found:
        raise SpecFileError(name, located(document, found))
    return Loaded(spec=spec, notes=tuple(document.notes))


def parse(text: str, *, name: str) -> Document:
    """Text to data with lines, an older format brought to this one.

    Raises SpecFileError when it is no map of a known format.
    """
    try:
        document = read(text)
        _check_frame(document)
    except Fatal as fatal:
        raise SpecFileError(name, [fatal.problem]) from None
    return document


def _check_frame(document: Document) -> None:
    if document.data is None:
        raise Fatal(1, "is empty", "haui preset show stacked-3-keepalived-haproxy")
    if not isinstance(document.data, dict):
        raise Fatal(1, "is not a map of keys and values", f"format: {FORMAT}")
    said = document.data.get("format", FORMAT)
    if said == FORMAT:
        return
    line, number = document.line(("format",)), number_of(said)
    if number is not None and number in MIGRATIONS:
        migrate(document, number)
        return
    if number is not None and number > CURRENT:
        what = f"format {shown(said)} is for a newer haui; this one reads {FORMAT}"
        raise Fatal(line, what, f"a haui that reads {said}")
    raise Fatal(line, f"format: {shown(said)} is not a format of haui", f"format: {FORMAT}")


def validate(
    document: Document, data: dict[str, Any] | None = None
) -> tuple[ClusterSpec | None, list[SpecProblem]]:
    """The spec of a document (or of `data`, its completed content), or what is wrong with it."""
    hidden = hidden_keys(document.data)
    odd = {problem.loc for problem in document.problems}
    try:
        spec = ClusterSpec.model_validate(document.data if data is None else data)
    except ValidationError as error:
        entries = error.errors(include_url=False)
        found = [from_pydantic(entry, _written(document, entry["loc"])) for entry in entries]
        return None, hidden + [problem for problem in found if problem.loc not in odd]
    return (None if hidden else spec), hidden


def _written(document: Document, loc: Loc) -> str | None:
    return document.text(tuple(part for part in loc if part != "[key]"))


def located(document: Document, found: Iterable[SpecProblem]) -> list[SpecProblem]:
    """The problems with their lines and examples, each once."""
    lined = [
        replace(
            problem,
            line=problem.line or document.line(problem.loc),
            example=problem.example or example_at(problem.loc, exact=True),
        )
        for problem in found
    ]
    return list(dict.fromkeys(lined))


def with_files(spec: ClusterSpec, base: Path) -> tuple[ClusterSpec, list[SpecProblem]]:
    """The spec with absolute paths and the texts of the files it names, and what is wrong there.

    Relative paths are meant from `base`. Reads the files.
    """
    data: dict[str, Any] = spec.model_dump()
    found: list[SpecProblem] = []
    for loc, text_field in FILE_TEXTS.items():
        part = data
        for key in loc[:-1]:
            part = part[key]
        if (value := part[loc[-1]]) is not None:
            path = _absolute(value, base)
            part[loc[-1]] = str(path)
            part[text_field], wrong = _text(path, loc, text_field)
            found += wrong
    for at, holder in (
        (("ssh",), data["ssh"]),
        *((("hosts", i, "ssh"), host["ssh"]) for i, host in enumerate(data["hosts"])),
    ):
        if holder["key"] is not None:
            path = _absolute(holder["key"], base)
            holder["key"] = str(path)
            found += _key_problems(path, (*at, "key"))
    return ClusterSpec.model_validate(data), found


def anchored(data: Mapping[str, Any], base: Path) -> dict[str, Any]:
    """A copy of a file's data whose relative paths are meant from `base`, the file's folder.

    Paths in the home folder stay as they are; what is no text is left alone.
    """
    moved = copy.deepcopy(dict(data))
    hosts = moved.get("hosts")
    count = len(hosts) if isinstance(hosts, list) else 0
    places = [*FILE_TEXTS, ("ssh", "key"), *(("hosts", i, "ssh", "key") for i in range(count))]
    for *around, key in places:
        part: Any = moved
        for name in around:
            inside = isinstance(part, list) or (isinstance(part, dict) and name in part)
            part = part[name] if inside else None
        value = part.get(key) if isinstance(part, dict) else None
        if isinstance(value, str) and value and not value.startswith(("/", "~")):
            part[key] = str(_absolute(value, base))
    return moved


def _absolute(value: str, base: Path) -> Path:
    expanded = os.path.expanduser(value)  # noqa: PTH111 - leaves an unknown ~user as it is
    return Path(os.path.normpath(base.absolute() / expanded))


def _text(path: Path, loc: Loc, text_field: str) -> tuple[str | None, list[SpecProblem]]:
    marks, looks = _LOOKS[text_field]
    example = example_at(loc)
    try:
        text = decode(read_bytes(path))
    except SpecError as error:
        return None, [SpecProblem(loc=loc, what=error.what, example=example)]
    except Fatal as fatal:
        what = f"{path} {fatal.problem.what}"
        return None, [SpecProblem(loc=loc, what=what, example=example)]
    if "PRIVATE KEY" in text:
        what = f"{path} holds a private key, which must not leave its owner"
        return None, [SpecProblem(loc=loc, what=what, example=example)]
    if not all(mark in text for mark in marks):
        return None, [SpecProblem(loc=loc, what=f"{path} is not {looks}", example=example)]
    return text, []


def _key_problems(path: Path, loc: Loc) -> list[SpecProblem]:
    if not path.is_file():
        what = f"there is no file {path}"
    elif path.suffix == ".pub":
        what = f"{path} is the public half; the private key is wanted"
    else:
        return []
    return [SpecProblem(loc=loc, what=what, example=example_at(loc))]

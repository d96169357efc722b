"""Reads the static scripts and the templates that ship with the catalogue.

A script names what it shares with others in a line `# haui: include NAME…`: the scripts of those
names are put in front of it, each once, theirs first.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import jinja2

_INCLUDE = re.compile(r"^# haui: include (.+)$", re.MULTILINE)
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@functools.cache
def body(name: str) -> str:
    """Script `name` (file name without .sh) with what it includes, without haui's own library.

    Raises ValueError for a name that can't be one, FileNotFoundError when there is no such script.
    """
    return "\n".join(_parts(name, {}).values())


@functools.cache
def script(name: str) -> str:
    """The complete text that a host runs: haui's shell library, then `body(name)`."""
    library = (files("haui") / "agent" / "lib.sh").read_text(encoding="utf-8")
    return f"{library}\n{body(name)}"


def parts(name: str) -> Mapping[str, str]:
    """The scripts that `body(name)` is made of, by their names, in their order."""
    return _parts(name, {})


def template(name: str, values: Mapping[str, Any]) -> str:
    """Template `name` of steps/templates (without .j2), filled in.

    Raises jinja2.UndefinedError when it asks for a value that is not given.
    """
    return _environment().get_template(f"{name}.j2").render(values)


def _parts(name: str, known: dict[str, str]) -> dict[str, str]:
    if not _NAME.fullmatch(name):
        raise ValueError(f"not the name of a script: {name!r}")
    if name in known:
        return known
    text = (files("steps") / "scripts" / f"{name}.sh").read_text(encoding="utf-8")
    for line in _INCLUDE.findall(text):
        for included in line.split():
            _parts(included, known)
    known[name] = text
    return known


@functools.cache
def _environment() -> jinja2.Environment:
    # Plain configuration text, not markup: escaping would corrupt it. The values have passed the
    # rules of haui.spec, which allow no character that means something in these files.
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_source),
        autoescape=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _source(name: str) -> str | None:
    path = files("steps") / "templates" / name
    return path.read_text(encoding="utf-8") if path.is_file() else None

"""Turns what pydantic says about a value into our own sentence, with the field's example."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Mapping
from typing import Any

import yaml
from pydantic.fields import FieldInfo

from haui.clusterfile.model import Model
from haui.clusterfile.problem import Loc, SpecProblem
from haui.clusterfile.types import shown
from haui.printable import brief
from haui.spec import ClusterSpec

_KINDS = {
    "tuple_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
    "model_attributes_type": "a map",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "string_type": "text",
}


def model_of(annotation: Any) -> type[Model] | None:
    """The model inside of a field's type: itself, or the items of a list of models."""
    if isinstance(annotation, type) and not isinstance(annotation, types.GenericAlias):
        return annotation if issubclass(annotation, Model) else None
    if typing.get_origin(annotation) is tuple:
        return model_of(typing.get_args(annotation)[0])
    return None


def visible_fields(model: type[Model]) -> dict[str, FieldInfo]:
    """The fields that are keys of the file (texts of named files are not)."""
    return {name: info for name, info in model.model_fields.items() if not info.exclude}


def field_at(loc: Loc) -> tuple[str, FieldInfo] | None:
    """The key and field at a place, or the field whose free data the place is in."""
    model: type[Model] | None = ClusterSpec
    found = None
    for part in loc:
        if model is None:
            return found
        if isinstance(part, str):
            info = visible_fields(model).get(part)
            if info is None:
                return None
            found, model = (part, info), model_of(info.annotation)
    return found


def flow(value: Any) -> str:
    """A value as one line of YAML."""
    text: str = yaml.safe_dump(value, default_flow_style=True, width=1 << 20, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...")


def example_at(loc: Loc, *, exact: bool = False) -> str:
    """What would be right at that place, as it would stand in the file; empty when nothing fits.

    `exact` keeps to places that are fields themselves, not parts of a field's free data.
    """
    found = field_at(loc)
    if found is None or (exact and loc[-1] != found[0]):
        return ""
    key, info = found
    if info.examples:
        return f"{key}: {flow(info.examples[0])}"
    model = model_of(info.annotation)
    inner = ((name, sub.examples) for name, sub in visible_fields(model).items()) if model else ()
    shown_one = next(({name: examples[0]} for name, examples in inner if examples), {})
    return f"{key}: {flow(shown_one)}"


def unknown_key(loc: Loc, known: Iterable[str]) -> SpecProblem:
    """A key that does not exist, with the one that was probably meant."""
    names = list(known)
    close = difflib.get_close_matches(str(loc[-1]), names, n=1)
    hint = f"; did you mean {close[0]}?" if close else f"; the keys here are {', '.join(names)}"
    return SpecProblem(loc=loc, what=f"is not a key of the cluster file{hint}")


def hidden_keys(data: Any, model: type[Model] = ClusterSpec, loc: Loc = ()) -> list[SpecProblem]:
    """Keys that the model has for haui's own use, found in a file."""
    if isinstance(data, list):
        return [p for i, item in enumerate(data) for p in hidden_keys(item, model, (*loc, i))]
    if not isinstance(data, Mapping):
        return []
    found = []
    known = visible_fields(model)
    for key, value in data.items():
        info = model.model_fields.get(str(key))
        if info is not None and info.exclude:
            found.append(unknown_key((*loc, key), known))
        elif info is not None and (inner := model_of(info.annotation)):
            found += hidden_keys(value, inner, (*loc, key))
    return found


def from_pydantic(error: Mapping[str, Any], text: str | None) -> SpecProblem:
    """The problem in one entry of `ValidationError.errors()`; `text` is the bare scalar there."""
    loc: Loc = tuple(part for part in error["loc"] if part != "[key]")
    kind, value, ctx = error["type"], error.get("input"), error.get("ctx", {})
    if kind == "extra_forbidden":
        return unknown_key(loc, _keys_around(loc))
    example = example_at(loc)
    if kind == "haui":
        loc, what = (*loc, *ctx["at"]), ctx["what"]
    elif kind == "missing":
        what = "is missing"
    elif kind == "literal_error":
        what = _choice(value, ctx["expected"])
    elif kind in _KINDS:
        what, example = _type(kind, value, text, example)
    elif kind in ("greater_than_equal", "less_than_equal"):
        low, high = ctx.get("ge"), ctx.get("le")
        what = f"{value} is {'less' if high is None else 'more'} than {low or high}"
    else:
        what = str(error["msg"])
    return SpecProblem(loc=loc, what=what, example=example)


def _keys_around(loc: Loc) -> list[str]:
    model: type[Model] | None = ClusterSpec
    if len(loc) > 1:
        found = field_at(loc[:-1])
        model = model_of(found[1].annotation) if found else None
    return list(visible_fields(model)) if model else []


def _choice(value: object, expected: str) -> str:
    choices = [part.strip("' ") for part in expected.replace(" or ", ", ").split(", ")]
    close = difflib.get_close_matches(str(value), choices, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    if value is None:
        return f"has no value; it is one of {', '.join(choices)}"
    if len(choices) == 1:
        return f"{shown(value)} is not {choices[0]}{hint}"
    return f"{shown(value)} is not one of {', '.join(choices)}{hint}"


def _type(kind: str, value: object, text: str | None, example: str) -> tuple[str, str]:
    wanted = _KINDS[kind]
    if value is None:
        return f"has no value; write {wanted} or leave the key out", example
    if kind == "string_type" and text is not None and isinstance(value, bool | int | float):
        noun = "as true or false" if isinstance(value, bool) else f"as the number {value}"
        quoted = flow(brief(text))
        return f"{brief(text)} is read {noun}; text like this needs quotes: {quoted}", example
    if kind in ("int_type", "bool_type") and isinstance(value, str):
        return f"must be {wanted}, without quotes, not the text {shown(value)}", example
    nouns = ((dict, "a map"), (list, "a list"), (str, "text"))
    noun = next((noun for kind_of, noun in nouns if isinstance(value, kind_of)), shown(value))
    return f"must be {wanted}, not {noun}", example

"""Merging what the admin adds into a kubeadm document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def merge(base: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """`extra` merged into `base`: mappings deeply, lists by appending, anything else replaced.

    An entry of a list that is a mapping with a `name` replaces the one of that name, which is how
    kubeadm's lists of arguments and volumes are keyed. Entries that are there already are not
    repeated.
    """
    merged = dict(base)
    for key, value in extra.items():
        mine = merged.get(key)
        if isinstance(mine, Mapping) and isinstance(value, Mapping):
            merged[key] = merge(mine, value)
        elif isinstance(mine, list) and isinstance(value, list):
            merged[key] = _merge_lists(mine, value)
        else:
            merged[key] = value
    return merged


def _merge_lists(mine: list[Any], extra: list[Any]) -> list[Any]:
    names = {entry["name"] for entry in extra if isinstance(entry, Mapping) and "name" in entry}
    kept = [e for e in mine if not (isinstance(e, Mapping) and e.get("name") in names)]
    return kept + [entry for entry in extra if entry not in kept]


def adapted(extra: Mapping[str, Any], *, lists: bool) -> dict[str, Any]:
    """`extra` with its arguments as lists (v1beta4) or maps (before), so that a preset fits all.

    Their values become text, as kubeadm wants them: YAML takes `v: 4` for a number.
    """
    out: dict[str, Any] = {}
    for key, value in extra.items():
        if key in ("extraArgs", "kubeletExtraArgs"):
            out[key] = _arguments(value, lists=lists)
        elif isinstance(value, Mapping):
            out[key] = adapted(value, lists=lists)
        else:
            out[key] = value
    return out


def _arguments(value: Any, *, lists: bool) -> Any:
    if isinstance(value, Mapping):
        pairs = [(str(name), _text(entry)) for name, entry in value.items()]
    else:
        pairs = [(str(entry["name"]), _text(entry["value"])) for entry in value]
    return [{"name": name, "value": text} for name, text in pairs] if lists else dict(pairs)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)

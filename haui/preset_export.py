"""Presets written from a cluster or from answers that are not complete yet.

Never a secret, nor what was let pass in a preflight, which was said of certain hosts. And unless
addresses are asked for, nothing that says which machines and which cluster it was: no names,
addresses, keys and jump hosts, and no BGP routers.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from haui.clusterfile.load import FORMAT
from haui.clusterfile.messages import model_of, visible_fields
from haui.clusterfile.model import Model
from haui.clusterfile.text import render
from haui.spec import ClusterSpec

_LOGIN_IN_URL = re.compile(r"://[^/\s]*@")
_NOWHERE: tuple[tuple[str, ...], ...] = (
    ("name",),
    ("endpoint", "name"),
    ("endpoint", "vip"),
    ("endpoint", "bgp", "peers"),
    ("ssh", "jump"),
)
"""Where a cluster's own name and addresses stand, hosts apart."""

_OF_A_HOST: tuple[tuple[str, ...], ...] = (
    ("address",),
    ("fingerprint",),
    ("ssh", "address"),
)
_OWN_FILES: tuple[tuple[str, ...], ...] = (
    ("ssh", "key"),
    ("supply", "packages", "key"),
    ("supply", "images", "ca"),
    ("network", "cni", "manifest"),
)


def export(spec: ClusterSpec, *, addresses: bool = False) -> str:
    """A cluster as a commented preset, every default visible."""
    data = spec.model_dump(mode="json")
    data["hosts"] = [host.model_dump(mode="json", exclude_defaults=True) for host in spec.hosts]
    head = f"The shape of the cluster {spec.name}"
    return render(_shareable(data, addresses=addresses), head=head)


def export_draft(answers: Mapping[str, Any], *, addresses: bool = False) -> str:
    """Answers as they are, incomplete or even wrong, as a commented preset.

    `answers` are nested plain data in the cluster file's shape. What is no key of the cluster file
    is left out, as is everything that could hold a secret. For answers that are right,
    `haui.preset.check` of the text gives back what it says of them.
    """
    known = _known(answers, ClusterSpec)
    data = {key: known[key] for key in visible_fields(ClusterSpec) if key in known}
    data = {"format": FORMAT} | data | {"format": FORMAT}
    head = "Answers so far: what is missing is to be filled in"
    return render(_shareable(data, addresses=addresses), head=head)


def _known(part: Mapping[Any, Any], model: type[Model]) -> dict[str, Any]:
    """What of a map is the model's: its keys, with plain values; a key without a value is none."""
    found: dict[str, Any] = {}
    for key, info in visible_fields(model).items():
        value = part.get(key)
        inner = model_of(info.annotation)
        if inner is not None and isinstance(value, Mapping):
            value = _known(value, inner)
        elif inner is not None and isinstance(value, list | tuple):
            value = [_known(item, inner) for item in value if isinstance(item, Mapping)]
        else:
            value = _plain(value)
        if value is not None:
            found[key] = value
    return found


def _plain(value: Any) -> Any:
    """Plain data; None for anything else, and for an address with a login in it."""
    if isinstance(value, str):
        return None if _LOGIN_IN_URL.search(value) else value
    if isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        items = ((str(key), _plain(item)) for key, item in value.items())
        return {key: item for key, item in items if item is not None}
    if isinstance(value, list | tuple):
        return [item for item in map(_plain, value) if item is not None]
    return None


def _shareable(data: Mapping[str, Any], *, addresses: bool) -> dict[str, Any]:
    """A copy without what is private, and with paths that mean something to others."""
    out: dict[str, Any] = copy.deepcopy(dict(data))
    listed = out.get("hosts")
    hosts = [h for h in listed if isinstance(h, dict)] if isinstance(listed, list) else []
    for place in _OWN_FILES:
        _home_relative(out, place)
    for host in hosts:
        _home_relative(host, ("ssh", "key"))
    _drop(out, ("preflight", "overrides"))
    if out.get("preflight") == {}:
        del out["preflight"]
    if addresses:
        return out
    if not isinstance(listed, list):
        out.pop("hosts", None)
    for place in _NOWHERE:
        _drop(out, place)
    for host in hosts:
        for place in _OF_A_HOST:
            _drop(host, place)
        if host.get("ssh") == {}:
            del host["ssh"]
    return out


def _drop(data: dict[str, Any], place: tuple[str, ...]) -> None:
    """Takes away what stands there, or what stands where the way to it should be."""
    part = data
    for key in place[:-1]:
        inner = part.get(key)
        if not isinstance(inner, dict):
            part.pop(key, None)
            return
        part = inner
    part.pop(place[-1], None)


def _home_relative(data: dict[str, Any], place: tuple[str, ...]) -> None:
    part: Any = data
    for key in place[:-1]:
        part = part.get(key) if isinstance(part, dict) else None
    value = part.get(place[-1]) if isinstance(part, dict) else None
    if isinstance(value, str) and Path(value).is_relative_to(Path.home()):
        part[place[-1]] = f"~/{Path(value).relative_to(Path.home())}"

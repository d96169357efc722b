"""Texts that mean something to shells, terminals, YAML, TOML, Markdown, systemd or file systems."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from haui.clusterfile.messages import model_of, visible_fields
from haui.clusterfile.model import Model
from haui.clusterfile.problem import Loc
from haui.spec import ClusterSpec

REFUSED = (
    "", " ", "-x", "--help", "\n", "a\nb", "a\r", "a\tb", "a\0b", "\x1b[31mred", "\x9b2J", "a\x7f",
    "\u202egnp.exe", "a\u200bb", "a\u2028b", "\ufeffa", "\ud800", "a\U000e0041", "x\n" * 5000,
    " lead", "trail ",
)  # fmt: skip
"""What no field may take, whatever it is for; labels' values and free data apart."""

CARRIED = (
    "$(reboot)", "`reboot`", "; reboot", "a b", "'", '"', "'\"'\"'", "\\", "a\\nb", "%n%s",
    "${HOME}", "a;b&c|d>e<f", "*?[a]!", "~root", "../../etc/passwd", "[red]x[/red]", "<b>x</b>",
    "{{7*7}}", "{0.__class__}", "`x` | y", "#x", "a#b", "a: b", "é€🐳", "नि\u200dषेध", "@x", "=x",
    "x" * 300, "A", "1e3", "null", "yes", "0x1f", "01.2.3.4", "::ffff:1.2.3.4", "http://u:p@h/",
    "//", ".", "..",
)  # fmt: skip
"""What a field may take or not; taken, it has to arrive as it is."""

ALPHABET = (
    "aZ09.-_/:@ '\"\\$`(){}[];&|<>*?!#%~=,+^\n\r\t\0\x1b\x7f\x9b\u202e\u200b\u2028\ufeff\ud800é中🐳"
)
TEXTS = st.text(st.sampled_from(ALPHABET), max_size=24) | st.sampled_from((*REFUSED, *CARRIED))

BASE: Mapping[str, Any] = {
    "name": "atlas",
    "endpoint": {"kind": "keepalived-haproxy", "name": "api.atlas.lan", "vip": "10.30.0.10",
                 "port": 8443, "bgp": {"peers": [{"address": "10.30.0.1", "asn": 65001}]}},
    "hosts": [{"name": "cp-a", "address": "10.30.0.11", "roles": ["control-plane"]}],
}  # fmt: skip


def _texts(value: Any, at: Loc) -> Iterator[Loc]:
    """The places of texts in an example, those of keys marked by a last part `[key]`."""
    if isinstance(value, str):
        yield at
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*at, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield (*at, key, "[key]")
            yield from _texts(item, (*at, key))


def _places(model: type[Model], at: Loc) -> Iterator[tuple[Loc, Loc, Any]]:
    for key, info in visible_fields(model).items():
        here: Loc = (*at, key)
        inner = model_of(info.annotation)
        if inner is not None:
            many = key in ("hosts", "peers")
            yield from _places(inner, (*here, 0) if many else here)
        else:
            for example in (info.examples or [])[:1]:
                yield from ((place, here, example) for place in _texts(example, here))


PLACES: Mapping[str, tuple[Loc, Loc, Any]] = {
    ".".join(map(str, place)): (place, field, example)
    for place, field, example in _places(ClusterSpec, ())
}
"""Every text that the cluster file can hold: its place, that of its field, and the example that is
there otherwise."""

FREE = ("advanced.kubeadm", "advanced.containerd")


def with_text(name: str, text: str) -> dict[str, Any]:
    """The answers of a small cluster with that text at one of PLACES."""
    place, field, example = PLACES[name]
    data = copy.deepcopy(dict(BASE))
    _put(data, field, copy.deepcopy(example))
    if place[-1] == "[key]":
        *around, key = place[:-1]
        part = _at(data, tuple(around))
        part[text] = part.pop(key)
    else:
        _put(data, place, text)
    return data


def value_at(data: Any, name: str, text: str) -> Any:
    """What stands at that place now: the text itself, for a key that is there."""
    place = PLACES[name][0]
    if place[-1] == "[key]":
        return text if text in _at(data, place[:-2]) else None
    return _at(data, place)


def _at(data: Any, place: Loc) -> Any:
    for part in place:
        data = data[part]
    return data


def _put(data: dict[str, Any], place: Loc, value: Any) -> None:
    part: Any = data
    for key in place[:-1]:
        part = part.setdefault(key, {}) if isinstance(part, dict) else part[key]
    part[place[-1]] = value


def as_yaml(data: Any) -> str:
    """Data as YAML that says it in ASCII; JSON is YAML."""
    return json.dumps(data, ensure_ascii=True)

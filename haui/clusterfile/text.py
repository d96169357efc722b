"""The cluster file as text, schema, hash and difference: everything that writes a spec."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from haui.clusterfile.messages import visible_fields
from haui.clusterfile.yamltree import is_text
from haui.spec import ClusterSpec, HostSpec

FILE_TEXTS = {
    ("network", "cni", "manifest"): "manifest_text",
    ("supply", "packages", "key"): "key_text",
    ("supply", "images", "ca"): "ca_pem",
}
"""The keys that name a file whose text is read on loading, and the field that holds the text."""


class _Dumper(yaml.SafeDumper):
    """Block style without anchors; quotes whatever our own reader would not take as text."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = None if is_text(value) else "'"
    if any(char in value for char in "\n\t\x85\u2028\u2029"):
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _represent_text)


def render(data: Mapping[str, Any], *, comments: bool = True, head: str = "") -> str:
    """A cluster file, or a part of one, in block style with a comment above each section."""
    fields = visible_fields(ClusterSpec)
    parts = [f"# {line}".rstrip() + "\n" for line in head.splitlines()]
    heads = len(parts)
    for key, value in data.items():
        if comments:
            gap = "\n" if parts and (isinstance(value, dict | list) or len(parts) == heads) else ""
            parts.append(f"{gap}# {fields[key].description}\n")
        parts.append(
            yaml.dump(
                {key: value},
                Dumper=_Dumper,
                sort_keys=False,
                default_flow_style=False,
                allow_unicode=True,
                width=1 << 20,
            )
        )
    return "".join(parts)


def dump(spec: ClusterSpec, *, comments: bool = True) -> str:
    """The complete file with every default, accepted again as input.

    Paths stand as they are in `spec`; after loading they are absolute, so that the text may be
    stored anywhere. Texts of named files are not part of it.
    """
    head = f"The complete answers for the cluster {spec.name}." if comments else ""
    return render(spec.model_dump(mode="json"), comments=comments, head=head)


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of the cluster file."""
    body = ClusterSpec.model_json_schema(mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "haui cluster file",
        "description": "One highly available Kubernetes cluster: format haui/1.",
    } | {key: value for key, value in body.items() if key not in ("title", "description")}


def spec_sha(spec: ClusterSpec) -> str:
    """SHA-256 (hex) of the answers and of the texts of the files that they name."""
    body = {"spec": spec.model_dump(mode="json"), "files": _digests(spec)}
    canonical = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def _digests(spec: ClusterSpec) -> dict[str, str]:
    found = {}
    for (*path, key), text_field in FILE_TEXTS.items():
        part: Any = spec
        for name in path:
            part = getattr(part, name)
        text: str | None = getattr(part, text_field)
        if text is not None:
            found[".".join((*path, key))] = hashlib.sha256(text.encode()).hexdigest()
    return found


def diff(old: ClusterSpec, new: ClusterSpec) -> list[str]:
    """What changed, one line a value; hosts are compared by name. Empty when nothing did."""
    before, after = dict(_flat(old)), dict(_flat(new))
    old_names, new_names = ([host.name for host in spec.hosts] for spec in (old, new))
    in_one = set(old_names) ^ set(new_names)
    lines = [
        _change(path, before.get(path), after.get(path))
        for path in dict.fromkeys([*before, *after])
        if before.get(path) != after.get(path) and not _of_host(path, in_one)
    ]
    lines += [_host_line(host, "removed") for host in old.hosts if host.name in in_one]
    lines += [_host_line(host, "added") for host in new.hosts if host.name in in_one]
    orders = [[name for name in names if name not in in_one] for names in (old_names, new_names)]
    if orders[0] != orders[1]:
        lines.append(f"hosts: order {', '.join(orders[0])} → {', '.join(orders[1])}")
    digests = (_digests(old), _digests(new))
    lines += [
        f"{path}: the file's content changed"
        for path in dict.fromkeys([*digests[0], *digests[1]])
        if digests[0].get(path) != digests[1].get(path) and before.get(path) == after.get(path)
    ]
    if not lines and spec_sha(old) != spec_sha(new):
        lines.append("advanced: an empty value came or went")
    return lines


def _host_line(host: HostSpec, word: str) -> str:
    return f"hosts[{host.name}]: {word} ({host.address}, {', '.join(host.roles)})"


def _of_host(path: str, names: set[str]) -> bool:
    return path.startswith("hosts[") and path[6 : path.index("]")] in names


def _change(path: str, old: str | None, new: str | None) -> str:
    return f"{path}: {old or 'not set'} → {new or 'not set'}"


def _flat(spec: ClusterSpec) -> Iterator[tuple[str, str]]:
    data = spec.model_dump(mode="json")
    hosts = data.pop("hosts")
    yield from _leaves(data, "")
    for host in hosts:
        yield from _leaves(host, f"hosts[{host['name']}]")


def _leaves(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, str):
        yield path, value
    elif value not in (None, {}, []):
        yield path, json.dumps(value, ensure_ascii=False)

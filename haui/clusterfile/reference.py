"""Writes docs/cluster-file.md from the model, so that the reference can't fall behind it.

python -m haui.clusterfile.reference > docs/cluster-file.md
"""

from __future__ import annotations

import sys
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal

from pydantic.fields import FieldInfo

from haui.clusterfile.messages import flow, model_of, visible_fields
from haui.clusterfile.model import Model
from haui.clusterfile.types import FLOOR_MINOR, NEWEST_MINOR
from haui.spec import ClusterSpec

EXAMPLE = """\
format: haui/1
name: atlas
profile: production
kubernetes: {version: 1.36.4}
topology: {kind: stacked}
endpoint:
  kind: keepalived-haproxy
  name: api.atlas.lan
  vip: 10.30.0.10
  port: 8443
  placement: control-plane
network: {pods: 10.60.0.0/16, services: 10.61.0.0/16, cni: {kind: flannel}}
ssh: {user: ops, agent: true, sudo: password}
hosts:
  - {name: cp-a, address: 10.30.0.11, roles: [control-plane]}
  - {name: cp-b, address: 10.30.0.12, roles: [control-plane]}
  - {name: cp-c, address: 10.30.0.13, roles: [control-plane]}
  - {name: wk-a, address: 10.30.0.21, roles: [worker], labels: {rack: r1}}
  - {name: wk-b, address: 10.30.0.22, roles: [worker], labels: {rack: r2}, ssh: {port: 2222}}
"""

_INTRO = f"""\
# The cluster file

One file says the whole cluster. `haui apply FILE` installs it, `haui plan FILE --full` prints it
with every default, `haui schema` prints its JSON Schema. A preset is the same file with parts left
out (`haui preset list`).

```yaml
{EXAMPLE}```

How it is read:

- UTF-8, at most 1 MiB, one document, spaces for indentation. No anchors, aliases, tags or merge
  keys. Unknown and repeated keys are errors.
- Bare words that YAML readers disagree on (`yes`, `off`, `0755`, `22:30`) are errors: write `true`
  or `false`, or use quotes.
- Paths are relative to the file's folder; `~` is your home folder.
- Every error names the file and line, the key, what is wrong and what would be right. All errors
  are reported at once, with exit code 3.

Secrets are never in it. They are asked for, or come from `HAUI_SSH_PASSWORD`, `HAUI_SUDO_PASSWORD`,
`HAUI_REGISTRY_PASSWORD` and `HAUI_KEY_PASSPHRASE`, or from a file descriptor.

Kubernetes 1.{FLOOR_MINOR} to 1.{NEWEST_MINOR} can be installed.
"""

_RULES = """\
## Rules between keys

- Host names, addresses and SSH endpoints are unique; the endpoint's name is no host's name.
- `single` has exactly one control plane, `stacked` has 3, 5 or 7. `external` has 3, 5 or 7 hosts
  with the role `etcd`, which are neither control planes nor workers.
- At least one host has the role `worker`; a control plane may have it as well.
- Pods, Services and hosts have addresses of one family, in networks that don't overlap.
- The pods' network has a /24 for each node (IPv6: a /64), and is a /8 at most (IPv6: a /48). The
  Services' network is between /12 and /24 (IPv6: /108 and /120).
- The virtual address is no host's, is in neither of those networks, and shares at least the first
  16 bits (IPv6: 48) with the hosts that carry it. Whether it is in their subnet, and free, is
  checked on the hosts before anything is changed.
- Balancers on control-plane hosts can't use port 6443, which the API server holds, and on any node
  no port of Kubernetes or etcd and no NodePort (30000 to 32767). Nowhere can they use sshd's port
  or, with haproxy, 8404, where it shows its statistics.
- With `kube-vip` the port is 6443: it forwards nothing. `mode: bgp` needs at least one router in
  `bgp.peers`, and the virtual address need not share anything with the hosts then. `mode` and `bgp`
  belong to `kube-vip` alone.
- `placement: load-balancer` needs 2 hosts or more with the role `load-balancer`.
- Kubernetes older than 1.24 needs a mirror, since pkgs.k8s.io has no packages of it. A mirror
  without https needs its key, or `unsigned: true`.
- `nftables` needs Kubernetes 1.31 or newer. `bridge` knows only IPv4 and needs all nodes in one
  network segment.
- `advanced.kubeadm` can't say again what another key says, and never holds a secret. Its fields are
  those that kubeadm of this Kubernetes version has; kubeadm itself would only warn about another.

## Not in this version

The format knows these, and this version refuses them with exit code 3: pod networks `calico` and
`cilium`; kube-proxy `none`; `flannel` with IPv6; the roles `registry` and `storage`.
"""


def reference() -> str:
    """The whole page as Markdown."""
    sections = [_INTRO, "## Keys\n", *_sections(ClusterSpec, "", "The file"), _RULES]
    return "\n".join(sections)


def _sections(model: type[Model], path: str, about: str) -> Iterator[str]:
    title = f"`{path}`" if path else "At the top"
    rows = [_row(name, info) for name, info in visible_fields(model).items()]
    lead = "" if not path else f"{about}\n\n"
    yield (
        f"### {title}\n\n{lead}"
        "| key | value | default | meaning | example |\n|---|---|---|---|---|\n" + "".join(rows)
    )
    for name, info in visible_fields(model).items():
        inner = model_of(info.annotation)
        if inner is not None:
            many = "[]" if typing.get_origin(info.annotation) is tuple else ""
            deeper = f"{path}.{name}{many}" if path else f"{name}{many}"
            yield from _sections(inner, deeper, info.description or "")


def _row(name: str, info: FieldInfo) -> str:
    inner = model_of(info.annotation)
    if info.is_required():
        default = "required"
    elif inner is not None:
        default = ""
    else:
        value = info.get_default(call_default_factory=True)
        default = f"`{flow(list(value) if isinstance(value, tuple) else value)}`"
        default = "none" if value is None else default
    example = "" if inner is not None or not info.examples else f"`{flow(info.examples[0])}`"
    kind = _kind(info.annotation)
    if (info.json_schema_extra or {}) == {"x-haui-file": True}:
        kind = "path"
    cells = (f"`{name}`", kind, default, info.description or "", example)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def _kind(annotation: Any) -> str:
    """A type as people say it."""
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _kind(args[0])
    if origin in (typing.Union, types.UnionType):
        return _kind(next(arg for arg in args if arg is not type(None)))
    if origin is Literal:
        return ", ".join(f"`{choice}`" for choice in args)
    if origin is tuple:
        inner = model_of(annotation)
        return "list of maps" if inner else f"list: {_kind(args[0])}"
    if origin is dict or model_of(annotation):
        return "map"
    return {bool: "`true`, `false`", int: "number"}.get(annotation, "text")


if __name__ == "__main__":
    sys.stdout.write(reference())

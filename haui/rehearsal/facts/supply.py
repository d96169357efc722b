"""What a healthy host tells in the step preflight.supply."""

from __future__ import annotations

from collections.abc import Iterator

from haui.spec import ClusterSpec, HostSpec
from steps import osfamily, preflight_images, preflight_plan, registry
from steps.where import is_node

_VERSIONS = {"containerd": "1.6.24", "haproxy": "2.6.12-1", "keepalived": "1:2.2.7-1"}


def facts(spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    """Key and value, as steps/scripts/preflight_supply_probe.sh prints them."""
    yield "apt", "yes"
    yield "lists", "3"
    yield "apt.sources", "yes"
    yield "source", "http://deb.debian.org ok"
    yield "mirror", "ok" if is_node(spec, host) else "skipped"
    for name in preflight_plan.needed(spec, host, osfamily.DEBIAN):
        if name in preflight_plan.OURS:
            yield "mirrored", name
        yield "package", f"{name} - {_VERSIONS.get(name, '1.0-1')}"
    if is_node(spec, host):
        version = f"{spec.kubernetes.version}-1.1"
        for name in preflight_plan.KUBERNETES:
            yield "offered", f"{name} {version}"
            yield "package", f"{name} - {version}"
    yield "simulate", "ok"
    yield from _asked(spec, host)
    yield "http.tool", "curl"
    yield from _images(spec, host)
    if registry.is_registry(spec, host):
        yield "registry.archive", "file 1048576"
        yield "registry.program", "yes"


def _asked(spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    for line in preflight_plan.plan(spec, host).splitlines():
        kind, name, *_ = line.split()
        if kind == "name":
            yield "name", f"{name} 12 192.0.2.80"
        elif kind == "proxy":
            yield "proxy", f"{name} 400 ok answered"


def _images(spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    seen = set()
    for image in preflight_images.asked_now(spec, host):
        registry = preflight_images.place(spec, image.reference).registry
        if registry.origin not in seen:
            seen.add(registry.origin)
            own = registry.own and spec.supply.images.ca_pem
            trust = "own" if own else "system" if "https:" in registry.origin else "plain"
            yield "registry", f"{registry.origin} 200 ok answered"
            yield "registry.trust", f"{registry.origin} {trust} -"
            yield "layers", f"{registry.origin} 200 ok answered"
        yield "image", f"{image.reference} present -"
        yield "image.arch", f"{image.reference} amd64,arm64"

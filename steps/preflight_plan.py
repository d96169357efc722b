"""What the install fetches onto a host: packages, and what a host asks to see that it can.

The plan that the script gets is one thing a line, see scripts/supply_images_lib.sh.
"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from haui.spec import ClusterSpec, HostSpec
from steps import endpoint, endpoint_nginx, osfamily, packages, preflight_images, proxy, registry
from steps.osfamily import Family
from steps.where import has_containerd, is_node

KUBERNETES = ("kubeadm", "kubelet", "kubectl")
OURS = ("cri-tools", "kubernetes-cni")
"""What comes from the same source as those, in whatever version."""


def needed(spec: ClusterSpec, host: HostSpec, family: Family) -> tuple[str, ...]:
    """The packages that the install puts on `host`, were it of `family`, besides Kubernetes' own
    programs."""
    names = [*packages.base_packages(spec, host, family)]
    if has_containerd(spec, host):
        names.append(family.containerd_packages[0])
    if endpoint.has_keepalived(spec, host):
        names.append("keepalived")
    if endpoint.has_haproxy(spec, host):
        names.append("haproxy")
    if endpoint_nginx.has_nginx(spec, host):
        names += family.nginx_packages
    names += registry.packages(spec, host, family.name)
    if is_node(spec, host):
        names += OURS
    return tuple(dict.fromkeys(names))


def plan(spec: ClusterSpec, host: HostSpec) -> str:
    """What the script asks."""
    return "".join(f"{line}\n" for line in dict.fromkeys(_lines(spec, host)))


def _lines(spec: ClusterSpec, host: HostSpec) -> Iterator[str]:
    # Both families' have the same name.
    urls = [osfamily.DEBIAN.source_url(spec)] if is_node(spec, host) else []
    for image in preflight_images.asked_now(spec, host):
        place = preflight_images.place(spec, image.reference)
        registry = place.registry
        own = registry.own and spec.supply.images.ca_pem
        through = proxy.way(spec, registry.origin) or "-"
        login = "login" if registry.own and spec.supply.images.username else "-"
        trust = "own" if own else "system"
        yield f"registry {registry.origin} {registry.ping} {trust} {through} {login}"
        yield f"image {registry.origin} {image.reference} {place.method} {place.url}"
        urls.append(registry.origin)
    for url in urls:
        way = proxy.way(spec, url)
        if way:
            yield f"proxy {way.rstrip('/')}"
        # A proxy looks up the names itself, so its own is the one to know.
        name = urlsplit(way or url).hostname or ""
        if name and not _is_address(name):
            yield f"name {name}"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

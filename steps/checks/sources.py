"""Where packages and images come from: what a host has to find on its way there."""

from __future__ import annotations

from urllib.parse import urlsplit

from haui.spec import ClusterSpec
from steps.checks.fleet_view import address_of
from steps.mirrors import mirrors, registry_hosts

PACKAGES_HOST = "pkgs.k8s.io"
IMAGES_HOST = "registry.k8s.io"


def lookup_name(spec: ClusterSpec) -> str:
    """A name that the hosts have to resolve for the install, empty when every source of packages
    and images is an address. Behind a proxy only the proxy has to be known."""
    proxy = spec.supply.proxy.https or spec.supply.proxy.http
    images = spec.supply.images
    registry = images.registries.get(IMAGES_HOST) or f"https://{images.repository or IMAGES_HOST}"
    if not images.repository and any(mirror.built for mirror in mirrors(spec).get(IMAGES_HOST, ())):
        registry = ""
    packages = spec.supply.packages.mirror or f"https://{PACKAGES_HOST}"
    sources = (proxy,) if proxy else (packages, registry)
    names = (urlsplit(source).hostname or "" for source in sources)
    return next((name for name in names if name and address_of(name) is None), "")


def is_local(spec: ClusterSpec) -> bool:
    """Whether packages and images come through the admin's own servers, maybe without a route to
    anywhere else."""
    images = spec.supply.images
    mirrored = bool(images.repository or images.registries or registry_hosts(spec))
    proxy = bool(spec.supply.proxy.https or spec.supply.proxy.http)
    return proxy or (bool(spec.supply.packages.mirror) and mirrored)

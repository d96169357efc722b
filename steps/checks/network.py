"""Addresses, routes, names and the firewall of one host."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit

from haui.spec import ClusterSpec, HostSpec
from steps import endpoint_kube_vip
from steps.checks.check import Check
from steps.where import carriers

CHECKS: tuple[Check, ...] = ()

PACKAGES_HOST = "pkgs.k8s.io"
IMAGES_HOST = "registry.k8s.io"


def is_announced(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether `host` may announce the virtual address in its network segment. One that routers
    learn need not be in any subnet of the hosts."""
    announces = host in carriers(spec) and not endpoint_kube_vip.is_bgp(spec)
    return bool(spec.endpoint.vip) and announces


def lookup_name(spec: ClusterSpec) -> str:
    """A name that the hosts have to resolve for the install, empty when every source of packages
    and images is an address. Behind a proxy only the proxy has to be known."""
    proxy = spec.supply.proxy.https or spec.supply.proxy.http
    images = spec.supply.images
    registry = images.registries.get(IMAGES_HOST) or f"https://{images.repository or IMAGES_HOST}"
    packages = spec.supply.packages.mirror or f"https://{PACKAGES_HOST}"
    sources = (proxy,) if proxy else (packages, registry)
    names = (urlsplit(source).hostname or "" for source in sources)
    return next((name for name in names if name and not _is_address(name)), "")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True

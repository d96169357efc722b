"""Families of operating systems: what a family does differently, in one place.

A plan is made before any host has been seen, so scripts ask the host itself: they call `package
VERB …` of scripts/osfamily_lib.sh, which goes to the functions of scripts/osfamily_<family>.sh.
What has to be known beforehand (files to place) is here. A new family is: its functions in a
script, an entry in `FAMILIES`, and, for files that differ, a fact about the host to choose by in
`family_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from haui.host import File
from haui.spec import ClusterSpec, HostSpec
from steps import proxy

KEY_PATH = "/etc/apt/keyrings/haui-kubernetes.asc"
LIST_NAME = "haui-kubernetes.list"
PROXY_NAME = "90haui-proxy"
COMMUNITY = "https://pkgs.k8s.io/core:/stable:/v1.{minor}/deb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One family. `proxy_files` are of the step packages.base, `source_files` and `source_env` of
    packages.source."""

    name: str
    supported: bool
    base_packages: tuple[str, ...] = ()
    ipvs_packages: tuple[str, ...] = ()
    nginx_packages: tuple[str, ...] = ()
    """nginx and its stream module, the program first."""
    proxy_files: Callable[[ClusterSpec], tuple[File, ...]] = lambda spec: ()
    source_files: Callable[[ClusterSpec], tuple[File, ...]] = lambda spec: ()
    source_env: Callable[[ClusterSpec], Mapping[str, str]] = lambda spec: {}


def family_of(spec: ClusterSpec, host: HostSpec) -> Family:
    """The family of `host`. Only one is supported, and preflight refuses the others."""
    return DEBIAN


def source_url(spec: ClusterSpec) -> str:
    """Where the Kubernetes packages come from."""
    mirror = spec.supply.packages.mirror
    return mirror.rstrip("/") if mirror else COMMUNITY.format(minor=spec.kubernetes.minor)


def _apt_files(spec: ClusterSpec) -> tuple[File, ...]:
    packages = spec.supply.packages
    option = "trusted=yes" if packages.unsigned else f"signed-by={KEY_PATH}"
    line = f"deb [{option}] {source_url(spec)}/ ./\n"
    files = [File(path=f"/etc/apt/sources.list.d/{LIST_NAME}", content=line.encode())]
    if packages.key_text and not packages.unsigned:
        files.append(File(path=KEY_PATH, content=packages.key_text.encode()))
    return tuple(files)


def _apt_proxy_files(spec: ClusterSpec) -> tuple[File, ...]:
    lines = _apt_proxy(spec)
    return (
        (File(path=f"/etc/apt/apt.conf.d/{PROXY_NAME}", content=lines.encode()),) if lines else ()
    )


def _apt_proxy(spec: ClusterSpec) -> str:
    given = {"http": spec.supply.proxy.http, "https": spec.supply.proxy.https}
    lines = [f'Acquire::{scheme}::Proxy "{url}";\n' for scheme, url in given.items() if url]
    # apt has a setting per host where others have no_proxy.
    mirror = urlsplit(source_url(spec))
    if lines and mirror.hostname and proxy.is_direct(spec, mirror.hostname):
        lines.append(f'Acquire::{mirror.scheme}::Proxy::{mirror.hostname} "DIRECT";\n')
    return "".join(lines)


def _apt_env(spec: ClusterSpec) -> Mapping[str, str]:
    packages = spec.supply.packages
    url = source_url(spec)
    if packages.unsigned:
        key_from = "unsigned"
    elif packages.key_text:
        key_from = "file"
    else:
        # A key fetched over plain http from the mirror itself would prove nothing.
        key_from = "url" if url.startswith("https://") else "nowhere"
    return {
        "HAUI_URL": url,
        "HAUI_LIST": LIST_NAME,
        "HAUI_KEY_FILE": "" if packages.unsigned else KEY_PATH,
        "HAUI_KEY_FROM": key_from,
        "HAUI_KEY_URL": f"{url}/Release.key",
        "HAUI_HTTPS_PROXY": spec.supply.proxy.https or "",
        "HAUI_NO_PROXY": proxy.no_proxy(spec),
    }


DEBIAN = Family(
    name="debian",
    supported=True,
    base_packages=(
        "ca-certificates", "curl", "iproute2", "kmod", "procps", "mount", "util-linux",
        "conntrack", "socat", "ethtool", "ebtables", "iptables", "iputils-ping",
    ),
    ipvs_packages=("ipset", "ipvsadm"),
    nginx_packages=("nginx", "libnginx-mod-stream"),
    proxy_files=_apt_proxy_files,
    source_files=_apt_files,
    source_env=_apt_env,
)  # fmt: skip

REDHAT = Family(name="redhat", supported=False, nginx_packages=("nginx", "nginx-mod-stream"))

FAMILIES: tuple[Family, ...] = (DEBIAN, REDHAT)

"""Debian and Ubuntu: the source of the Kubernetes packages and the proxy, as apt reads them."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from haui.host import File
from haui.spec import ClusterSpec
from steps import proxy
from steps.osfamily_key import key_from

KEY_PATH = "/etc/apt/keyrings/haui-kubernetes.asc"
LIST_NAME = "haui-kubernetes.list"
LIST_PATH = f"/etc/apt/sources.list.d/{LIST_NAME}"
PROXY_PATH = "/etc/apt/apt.conf.d/90haui-proxy"
COMMUNITY = "https://pkgs.k8s.io/core:/stable:/v1.{minor}/deb"


def source_url(spec: ClusterSpec) -> str:
    """Where the Kubernetes packages come from: a flat repository."""
    mirror = spec.supply.packages.mirror
    return mirror.rstrip("/") if mirror else COMMUNITY.format(minor=spec.kubernetes.minor)


def source_files(spec: ClusterSpec) -> tuple[File, ...]:
    """The list and, where it is given, its key."""
    packages = spec.supply.packages
    option = "trusted=yes" if packages.unsigned else f"signed-by={KEY_PATH}"
    line = f"deb [{option}] {source_url(spec)}/ ./\n"
    files = [File(path=LIST_PATH, content=line.encode(), family="debian")]
    if packages.key_text and not packages.unsigned:
        files.append(File(path=KEY_PATH, content=packages.key_text.encode(), family="debian"))
    return tuple(files)


def source_env(spec: ClusterSpec) -> Mapping[str, str]:
    """What packages_source_*.sh have to know about it."""
    url = source_url(spec)
    return {
        "HAUI_URL": url,
        "HAUI_LIST": LIST_NAME,
        "HAUI_KEY_FILE": "" if spec.supply.packages.unsigned else KEY_PATH,
        "HAUI_KEY_FROM": key_from(spec, url),
        "HAUI_KEY_URL": f"{url}/Release.key",
    }


def proxy_files(spec: ClusterSpec) -> tuple[File, ...]:
    """apt's settings for the proxy; none without one."""
    lines = _proxy(spec)
    return (File(path=PROXY_PATH, content=lines.encode(), family="debian"),) if lines else ()


def _proxy(spec: ClusterSpec) -> str:
    given = {"http": spec.supply.proxy.http, "https": spec.supply.proxy.https}
    lines = [f'Acquire::{scheme}::Proxy "{url}";\n' for scheme, url in given.items() if url]
    # apt has a setting per host where others have no_proxy.
    mirror = urlsplit(source_url(spec))
    if lines and mirror.hostname and proxy.is_direct(spec, mirror.hostname):
        lines.append(f'Acquire::{mirror.scheme}::Proxy::{mirror.hostname} "DIRECT";\n')
    return "".join(lines)

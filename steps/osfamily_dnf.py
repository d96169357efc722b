"""RHEL, Rocky, Alma, CentOS Stream, Fedora: the source of the Kubernetes packages as dnf reads it.

What is said here holds for dnf 4 (Enterprise Linux 9 and 10) and dnf 5 (Fedora).
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from haui.host import File
from haui.spec import ClusterSpec
from steps import proxy
from steps.osfamily_key import key_from

KEY_PATH = "/etc/pki/rpm-gpg/haui-kubernetes.asc"
REPOSITORY = "haui-kubernetes"
REPO_NAME = f"{REPOSITORY}.repo"
REPO_PATH = f"/etc/yum.repos.d/{REPO_NAME}"
PROXY_PATH = "/etc/haui/package-proxy"
COMMUNITY = "https://pkgs.k8s.io/core:/stable:/v1.{minor}/rpm"
KEPT = ("kubeadm", "kubelet", "kubectl", "cri-tools", "kubernetes-cni")
"""What no upgrade of the system may take from this source."""


def source_url(spec: ClusterSpec) -> str:
    """Where the Kubernetes packages come from: the folder that holds repodata/."""
    mirror = spec.supply.packages.mirror
    return mirror.rstrip("/") if mirror else COMMUNITY.format(minor=spec.kubernetes.minor)


def source_files(spec: ClusterSpec) -> tuple[File, ...]:
    """The repository and, where it is given, its key."""
    files = [File(path=REPO_PATH, content=_repository(spec).encode(), family="redhat")]
    packages = spec.supply.packages
    if packages.key_text and not packages.unsigned:
        files.append(File(path=KEY_PATH, content=packages.key_text.encode(), family="redhat"))
    return tuple(files)


def _repository(spec: ClusterSpec) -> str:
    signed = not spec.supply.packages.unsigned
    settings = {
        "name": f"Kubernetes 1.{spec.kubernetes.minor}",
        # A comma would begin another URL.
        "baseurl": f"{source_url(spec)}/".replace(",", "%2C"),
        "enabled": "1",
        # The packages are signed. That the list of them is, too, is not asked of a mirror:
        # reposync brings no signature of it along, and versions are asked for exactly.
        "gpgcheck": "1" if signed else "0",
        "repo_gpgcheck": "0",
        **({"gpgkey": f"file://{KEY_PATH}"} if signed else {}),
        # A source that fails must be seen to fail.
        "skip_if_unavailable": "0",
        "exclude": " ".join(KEPT),
        **_repository_proxy(spec),
    }
    lines = "".join(f"{name}={value}\n" for name, value in settings.items())
    return f"# Written by haui; changes are lost when it runs again.\n[{REPOSITORY}]\n{lines}"


def _repository_proxy(spec: ClusterSpec) -> Mapping[str, str]:
    url = urlsplit(source_url(spec))
    given = spec.supply.proxy
    if proxy.is_direct(spec, url.hostname or ""):
        # Whatever the host's own dnf.conf says.
        return {"proxy": "_none_"} if given.http or given.https else {}
    chosen = given.https if url.scheme == "https" else given.http
    return {"proxy": chosen} if chosen else {}


def source_env(spec: ClusterSpec) -> Mapping[str, str]:
    """What packages_source_*.sh have to know about it."""
    url = source_url(spec)
    return {
        "HAUI_URL": url,
        "HAUI_LIST": REPO_NAME,
        "HAUI_KEY_FILE": "" if spec.supply.packages.unsigned else KEY_PATH,
        "HAUI_KEY_FROM": key_from(spec, url),
        "HAUI_KEY_URL": f"{url}/repodata/repomd.xml.key",
    }


def proxy_files(spec: ClusterSpec) -> tuple[File, ...]:
    """The proxy for the dnf that haui runs; none without one. dnf knows no drop-ins in all of its
    versions, and dnf.conf is the admin's: these variables are given to it instead."""
    given = {"http_proxy": spec.supply.proxy.http, "https_proxy": spec.supply.proxy.https}
    lines = [f"{name}={url}\n" for name, url in given.items() if url]
    if not lines:
        return ()
    text = "".join((*lines, f"no_proxy={proxy.no_proxy(spec)}\n"))
    return (File(path=PROXY_PATH, content=text.encode(), family="redhat"),)

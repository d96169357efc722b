"""Families of operating systems: what a family does differently, in one place.

A plan is made before any host has been seen, so it carries what every family needs: files are
marked with their family (`haui.host.File.family`), parameters travel once for each (`each`). The
host takes what is its own: scripts call `package VERB …` and `of_family NAME` of
scripts/osfamily_lib.sh, which go by /etc/os-release. A new family is: its functions in a script,
an entry in `FAMILIES`, and its name in `haui.host.OsFamily`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from haui.host import File, OsFamily
from haui.spec import ClusterSpec
from steps import osfamily_apt, osfamily_dnf


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One family.

    `base_packages` are those of a node, `balancer_packages` those of every other host;
    `containerd_packages` are tried in order until a source has one. `proxy_files` tell the package
    manager the cluster's proxy, `source_files` and `source_env` describe the source of the
    Kubernetes packages.
    """

    name: OsFamily
    manager: str
    """The command of the package manager."""
    base_packages: tuple[str, ...]
    balancer_packages: tuple[str, ...]
    ipvs_packages: tuple[str, ...]
    selinux_packages: tuple[str, ...]
    """Where SELinux is on: its tools and, on hosts with containers, their policy (the last)."""
    containerd_packages: tuple[str, ...]
    nginx_packages: tuple[str, ...]
    """nginx and its stream module, the program first."""
    proxy_files: Callable[[ClusterSpec], tuple[File, ...]]
    source_files: Callable[[ClusterSpec], tuple[File, ...]]
    source_url: Callable[[ClusterSpec], str]
    source_env: Callable[[ClusterSpec], Mapping[str, str]]


DEBIAN = Family(
    name="debian",
    manager="apt",
    base_packages=(
        "ca-certificates", "curl", "iproute2", "kmod", "procps", "mount", "util-linux",
        "conntrack", "socat", "ethtool", "ebtables", "iptables", "iputils-ping",
    ),
    balancer_packages=("ca-certificates", "curl", "iproute2", "procps", "iputils-ping"),
    ipvs_packages=("ipset", "ipvsadm"),
    # There is no policy of containers; preflight says what that means.
    selinux_packages=("policycoreutils-python-utils",),
    containerd_packages=("containerd",),
    nginx_packages=("nginx", "libnginx-mod-stream"),
    proxy_files=osfamily_apt.proxy_files,
    source_files=osfamily_apt.source_files,
    source_url=osfamily_apt.source_url,
    source_env=osfamily_apt.source_env,
)  # fmt: skip

REDHAT = Family(
    name="redhat",
    manager="dnf",
    # tc is a package of its own there; mount belongs to util-linux and ebtables to iptables-nft,
    # the only iptables that EL 10 has.
    base_packages=(
        "ca-certificates", "curl", "iproute", "iproute-tc", "kmod", "procps-ng", "util-linux",
        "conntrack-tools", "socat", "ethtool", "iptables-nft", "iputils", "tar",
    ),
    balancer_packages=("ca-certificates", "curl", "iproute", "procps-ng", "iputils"),
    ipvs_packages=("ipset", "ipvsadm"),
    selinux_packages=("policycoreutils-python-utils", "container-selinux"),
    # Enterprise Linux has none of its own: containerd.io is Docker's. Fedora has containerd.
    containerd_packages=("containerd.io", "containerd"),
    nginx_packages=("nginx", "nginx-mod-stream"),
    proxy_files=osfamily_dnf.proxy_files,
    source_files=osfamily_dnf.source_files,
    source_url=osfamily_dnf.source_url,
    source_env=osfamily_dnf.source_env,
)  # fmt: skip

FAMILIES: tuple[Family, ...] = (DEBIAN, REDHAT)


def named(name: str) -> Family:
    """The family of that name; KeyError when there is none."""
    return {family.name: family for family in FAMILIES}[name]  # type: ignore[index]


def each(name: str, value: Callable[[Family], str]) -> dict[str, str]:
    """A parameter for scripts in every family's version: NAME_DEBIAN and NAME_REDHAT, of which
    `of_family NAME` takes the host's own."""
    return {f"{name}_{family.name.upper()}": value(family) for family in FAMILIES}


def source_env(spec: ClusterSpec) -> dict[str, str]:
    """Where the Kubernetes packages come from, for every family."""
    merged: dict[str, str] = {}
    for family in FAMILIES:
        own = family.source_env(spec)
        merged |= {f"{name}_{family.name.upper()}": value for name, value in own.items()}
    return merged


def source_files(spec: ClusterSpec) -> tuple[File, ...]:
    """The files that describe that source, for every family."""
    return tuple(file for family in FAMILIES for file in family.source_files(spec))


def proxy_files(spec: ClusterSpec) -> tuple[File, ...]:
    """What tells package managers the cluster's proxy, for every family."""
    return tuple(file for family in FAMILIES for file in family.proxy_files(spec))

"""Which hosts a step is for, and how several hosts are told to a script."""

from __future__ import annotations

from collections.abc import Iterable

from haui.spec import ClusterSpec, HostSpec


def everywhere(spec: ClusterSpec, host: HostSpec) -> bool:
    """Every host."""
    return True


def is_node(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether `host` becomes a Kubernetes node."""
    # By its roles: looking for it among all nodes, for each check and host, is quadratic.
    return "control-plane" in host.roles or "worker" in host.roles


def is_control_plane(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether `host` runs a control plane."""
    return "control-plane" in host.roles


def has_containerd(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether `host` pulls images: the nodes, and the hosts of an external etcd."""
    return is_node(spec, host) or "etcd" in host.roles


def is_first(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether `host` is the control plane that the cluster begins with."""
    return host.name == spec.first_control_plane.name


def carriers(spec: ClusterSpec) -> tuple[HostSpec, ...]:
    """The hosts that may hold the virtual address: balancers, or with kube-vip control planes."""
    if spec.endpoint.kind == "kube-vip":
        return spec.control_planes
    return spec.balancers if spec.has_keepalived else ()


def addresses(hosts: Iterable[HostSpec]) -> str:
    """The hosts as `name=address …`, which scripts split at blanks."""
    return " ".join(f"{host.name}={host.address}" for host in hosts)

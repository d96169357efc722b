"""Looking at every host before the first change: nothing here writes."""

from __future__ import annotations

import math
from typing import Any

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from steps import endpoint_kube_vip
from steps.endpoint import LOCAL_PORT, has_haproxy
from steps.kubeadm import API_PORT
from steps.system import modules, peers_of
from steps.where import carriers, everywhere

Size = tuple[int, int, int]

MINIMUM: dict[str, dict[str, Size]] = {
    "test": {
        "load-balancer": (1, 512, 5),
        "control-plane": (2, 4096, 20),
        "worker": (4, 8192, 20),
        "etcd": (1, 1024, 15),
        "registry": (1, 1024, 15),
        "storage": (4, 8192, 20),
    },
    "production": {
        "load-balancer": (4, 8192, 40),
        "control-plane": (8, 16384, 40),
        "worker": (8, 16384, 40),
        "etcd": (4, 8192, 40),
        "registry": (4, 8192, 1000),
        "storage": (16, 32768, 600),
    },
}
"""Smallest sizes by profile and role: processors, MB of memory, GB of disk."""

OS_SHARE = (0.5, 512)
"""Counted only once when a test host has several roles: processors, MB of memory."""

KUBEADM_FLOOR = (2, 1700)
"""What kubeadm's own checks NumCPU and Mem demand of a control plane: processors, MB."""

PORTS: dict[str, tuple[int, ...]] = {
    "control-plane": (API_PORT, 10250, 10257, 10259),
    "worker": (10250,),
    "etcd": (2379, 2380, 2381),
}


def minimum(spec: ClusterSpec, host: HostSpec) -> Size:
    """The smallest size for `host`: the sum over its roles (processors, MB, GB)."""
    sizes = [MINIMUM[spec.profile][role] for role in host.roles]
    shared = len(sizes) - 1 if spec.profile == "test" else 0
    cpus = sum(size[0] for size in sizes) - OS_SHARE[0] * shared
    memory = sum(size[1] for size in sizes) - OS_SHARE[1] * shared
    return math.ceil(cpus), int(memory), sum(size[2] for size in sizes)


def ports(spec: ClusterSpec, host: HostSpec) -> tuple[int, ...]:
    """The TCP ports that must be free on `host`, or held by this cluster."""
    wanted = {port for role in host.roles for port in PORTS.get(role, ())}
    if "control-plane" in host.roles and spec.topology.kind != "external":
        wanted |= {2379, 2380}
    if host in spec.balancers:
        wanted.add(spec.endpoint.port)
    if has_haproxy(spec, host):
        wanted.add(LOCAL_PORT)
    if endpoint_kube_vip.uses_kube_vip(spec) and "control-plane" in host.roles:
        wanted.add(int(endpoint_kube_vip.METRICS.rpartition(":")[2]))
    return tuple(sorted(wanted))


def _floor(spec: ClusterSpec, host: HostSpec) -> tuple[int, int]:
    if "control-plane" not in host.roles:
        return 0, 0
    ignored = {name.lower() for name in spec.advanced.ignore_preflight_errors}
    cpus, memory = KUBEADM_FLOOR
    return (0 if ignored & {"numcpu", "all"} else cpus, 0 if ignored & {"mem", "all"} else memory)


def _cgroup_v1(spec: ClusterSpec) -> str:
    kubelet: dict[str, Any] = spec.advanced.kubeadm.get("KubeletConfiguration", {})
    return "refused" if kubelet.get("failCgroupV1", spec.kubernetes.minor >= 35) else "accepted"


def _work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    cpus, memory, disk = minimum(spec, host)
    floor_cpus, floor_memory = _floor(spec, host)
    node = host in spec.nodes
    # An address that routers learn need not be in any subnet of the hosts.
    carrier = host in carriers(spec) and not endpoint_kube_vip.is_bgp(spec)
    env = {
        "HAUI_PROFILE": spec.profile,
        "HAUI_CPUS": str(cpus),
        "HAUI_MEMORY_MB": str(memory),
        "HAUI_DISK_GB": str(disk),
        "HAUI_FLOOR_CPUS": str(floor_cpus),
        "HAUI_FLOOR_MEMORY_MB": str(floor_memory),
        "HAUI_MODULES": " ".join(modules(spec)) if node else "",
        "HAUI_CGROUP_V1": _cgroup_v1(spec) if node else "accepted",
        "HAUI_ENDPOINT": f"{spec.endpoint.name}:{spec.endpoint.port}",
        "HAUI_VIP": (spec.endpoint.vip or "") if carrier else "",
        "HAUI_INTERFACE": host.interface or spec.endpoint.interface or "",
        "HAUI_PEERS": " ".join(peers_of(spec, host)),
        "HAUI_PORTS": " ".join(str(port) for port in ports(spec, host)),
    }
    if spec.endpoint.kind in ("kube-vip", "keepalived-nginx"):
        # Whose ports are ours besides those of Kubernetes; else haproxy's are.
        env["HAUI_OURS"] = spec.endpoint.kind.removeprefix("keepalived-")
    return Work(probe=Call(script="preflight_host_probe", env=env))


STEPS = (
    Step(
        id="preflight.host",
        title="Check the host",
        phase="preflight",
        on=everywhere,
        work=_work,
        timeout_s=120,
        explain="Finds what would stop the install later (system, size, kernel, another "
        "Kubernetes, addresses, clock, ports) while nothing has been changed yet. Only reads.",
    ),
)

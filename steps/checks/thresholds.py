"""Every number that a check compares with, in one table, with where it comes from."""

from __future__ import annotations

Size = tuple[int, int, int]
"""Processors, MB of memory, GB of disk."""

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
"""The smallest host by profile and role."""

OS_SHARE = (0.5, 512)
"""Counted only once when a test host has several roles: processors, MB of memory."""

KUBEADM_FLOOR = (2, 1700)
"""What kubeadm's own checks NumCPU and Mem demand of a control plane: processors, MB."""

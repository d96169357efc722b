"""Where the lab keeps things and how its network is numbered, said in one place."""

from __future__ import annotations

import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
SCRIPTS = HERE / "scripts"

SUBNET = "10.77.0.0/24"
GATEWAY = "10.77.0.1"
PREFIX_LENGTH = 24
VIP = "10.77.0.100"
WEB_PORT = 8080
REGISTRY_PORT = 5000
REGISTRY_USER = "puller"

BASTION_NAMESPACE = "haui-lab-bastion"
BRIDGE = "haui-lab0"
CGROUP = "haui-lab"


def cache_dir() -> Path:
    """Built artefacts; survives between runs and may be shared by them."""
    return Path(os.environ.get("HAUI_LAB_CACHE", "/var/cache/haui-lab"))


def state_dir() -> Path:
    """What belongs to the lab that is up: disks of the hosts, keys, the cluster file."""
    return Path(os.environ.get("HAUI_LAB_DIR", "/var/tmp/haui-lab"))

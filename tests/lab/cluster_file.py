"""The cluster file that describes the lab to haui: what is special about the lab is said there."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import yaml

from tests.lab.paths import GATEWAY, REGISTRY_PORT, REGISTRY_USER, VIP, WEB_PORT
from tests.lab.state import Host

ROLES = {"cp": "control-plane", "wk": "worker", "lb": "load-balancer", "et": "etcd"}
NO_BALANCER = {"kind": "external", "name": "api.lab.lan", "port": 6443}
"""The endpoint of a single control plane without a virtual address: itself."""


def document(hosts: list[Host], version: str, sudo: str, has_dns_image: bool) -> dict[str, object]:
    """The file's content; hosts without a role are left for tests to use."""
    registry = f"https://{GATEWAY}:{REGISTRY_PORT}/k8s"
    kinds = [host.kind for host in hosts]
    own_etcd = "single" if kinds.count("cp") == 1 else "stacked"
    return {
        "format": "haui/1",
        "name": "lab",
        "profile": "test",
        "kubernetes": {"version": version},
        "topology": {"kind": "external" if "et" in kinds else own_etcd},
        "endpoint": {
            "kind": "keepalived-haproxy",
            "name": "api.lab.lan",
            "vip": VIP,
            "port": 8443,
            "placement": "load-balancer" if "lb" in kinds else "control-plane",
        },
        "network": {
            "pods": "10.60.0.0/16",
            "services": "10.61.0.0/16",
            "cni": {"kind": "bridge"},
        },
        "supply": {
            "packages": {"mirror": f"http://{GATEWAY}:{WEB_PORT}/haui", "key": "./mirror.asc"},
            "images": {
                "registries": {"k8s.gcr.io": registry, "registry.k8s.io": registry},
                "ca": "./hub-ca.pem",
                "username": REGISTRY_USER,
                "verify_image": "registry.k8s.io/haui-verify:1",
            },
        },
        "ssh": {"user": "ops", "key": "./id_ed25519", "sudo": sudo},
        "hosts": [
            {"name": host.name, "address": host.address, "roles": _roles(host.kind, kinds)}
            for host in hosts
            if host.kind in ROLES
        ],
        "advanced": _advanced(has_dns_image),
    }


def _roles(kind: str, kinds: list[str]) -> list[str]:
    """Without workers, pods run on the control planes."""
    return [ROLES[kind], *([ROLES["wk"]] if kind == "cp" and "wk" not in kinds else [])]


def _advanced(has_dns_image: bool) -> dict[str, object]:
    """What only machines that share one kernel need, and a mirror without a DNS image."""
    # kubeadm pulls every image that it knows before it starts, even those of skipped addons.
    ignored = ["SystemVerification"] + ([] if has_dns_image else ["ImagePull"])
    return {
        "kubeadm": {
            # This table belongs to the machine's first network namespace: not for a host to size.
            "KubeProxyConfiguration": {"conntrack": {"maxPerCore": 0, "min": 0}},
        },
        "ignore_preflight_errors": ignored,
        "skip_phases": [] if has_dns_image else ["addon/coredns"],
        "containerd": {"disable_apparmor": True, "restrict_oom_score_adj": True},
    }


def write(file: Path, content: dict[str, object]) -> None:
    """Put it where the admin, or a test, finds it."""
    head = "# The lab's cluster, for haui. Its secrets are in secrets.env beside it.\n"
    file.write_text(head + yaml.safe_dump(content, sort_keys=False))


def smaller(file: Path, name: str, hosts: Collection[str]) -> Path:
    """The same cluster with these hosts alone, beside it: it names keys by paths from there."""
    content = yaml.safe_load(file.read_text())
    content["hosts"] = [host for host in content["hosts"] if host["name"] in hosts]
    write(file.parent / name, content)
    return file.parent / name

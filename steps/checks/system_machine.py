"""What machine a host is: container, virtual machine of a known cloud, or another."""

from __future__ import annotations

from haui.evidence import Facts

DEBIAN = frozenset({"debian", "ubuntu"})
REDHAT = frozenset({"rhel", "fedora", "centos", "rocky", "almalinux", "ol", "amzn"})
"""What a system of the family, or one that derives from it, calls itself or is like."""


def family_names(facts: Facts) -> frozenset[str]:
    """What a host calls its system, and what it is like."""
    like = (facts.one("os.like") or "").lower().split()
    return frozenset({(facts.one("os.id") or "").lower(), *like}) - {""}


CONTAINERS = {
    "openvz", "lxc", "lxc-libvirt", "systemd-nspawn", "docker", "podman", "rkt", "wsl", "proot",
    "pouch", "container-other",
}  # fmt: skip
"""What systemd-detect-virt calls containers."""

AZURE_TAG = "7783-7084-3265-9085-8269-3286-77"
"""The chassis asset tag of Azure; other machines of Hyper-V have the same vendor."""

ORACLE_TAG = "OracleCloud.com"

_BY_NAME = {
    "amazon ec2": "AWS",
    "google": "Google Cloud",
    "hetzner": "Hetzner Cloud",
    "digitalocean": "DigitalOcean",
    "alibaba cloud": "Alibaba Cloud",
    "tencent cloud": "Tencent Cloud",
    "huawei cloud": "Huawei Cloud",
    "openstack": "OpenStack",
    "vultr": "Vultr",
    "akamai": "Akamai Cloud",
    "linode": "Akamai Cloud",
    "scaleway": "Scaleway",
    "exoscale": "Exoscale",
    "upcloud": "UpCloud",
}
"""How vendor or product of the firmware begin -> the cloud."""

CLOUDS_OF_ONE_ADDRESS = {
    "AWS", "Azure", "Google Cloud", "Oracle Cloud", "Hetzner Cloud", "DigitalOcean",
    "Alibaba Cloud", "Tencent Cloud",
}  # fmt: skip
"""Their networks route by their own tables, whatever a host announces."""

CLOUDS_THAT_FILTER = {
    "OpenStack", "Vultr", "Akamai Cloud", "Scaleway", "Exoscale", "UpCloud", "Huawei Cloud",
}  # fmt: skip
"""Their networks are segments, with a filter that has to be told of the address."""


def is_container(facts: Facts) -> bool:
    """Whether the host shares its kernel with others."""
    return facts.one("virt") in CONTAINERS


def cloud_of(facts: Facts) -> str | None:
    """The cloud that a host belongs to, by its firmware; None when it is none that is known."""
    tag = facts.one("chassis.tag")
    if tag == AZURE_TAG:
        return "Azure"
    if tag == ORACLE_TAG:
        return "Oracle Cloud"
    if facts.one("vendor") == "Xen" and (facts.one("product-uuid") or "").lower().startswith("ec2"):
        return "AWS"
    names = [(facts.one(key) or "").lower() for key in ("vendor", "product")]
    return next(
        (cloud for start, cloud in _BY_NAME.items() if any(n.startswith(start) for n in names)),
        None,
    )

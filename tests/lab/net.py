"""The lab's wires: one namespace for the bastion with a bridge in it, one namespace per host.

No namespace has a route out of the lab and nothing forwards, so no packet can reach a real network.
"""

from __future__ import annotations

import subprocess
from ipaddress import IPv4Address
from pathlib import Path

from tests.lab.paths import BASTION_NAMESPACE, BRIDGE, GATEWAY, PREFIX_LENGTH

PREFIX = "haui-lab-"
NETNS_FOLDER = Path("/run/netns")


def _ip(*arguments: str, check: bool = True) -> bool:
    done = subprocess.run(
        ["ip", *arguments], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    if check and done.returncode != 0:
        raise RuntimeError(f"ip {' '.join(arguments)}: {done.stderr.strip()}")
    return done.returncode == 0


def namespace(host: str) -> str:
    """Name of a host's network namespace."""
    return PREFIX + host


def namespaces() -> list[str]:
    """The lab's namespaces that exist on this machine."""
    if not NETNS_FOLDER.is_dir():
        return []
    return sorted(entry.name for entry in NETNS_FOLDER.iterdir() if entry.name.startswith(PREFIX))


def create_bastion() -> None:
    """The bastion's namespace with the bridge that everything is plugged into."""
    _ip("netns", "add", BASTION_NAMESPACE)
    inside = ("-n", BASTION_NAMESPACE)
    _ip(*inside, "link", "set", "lo", "up")
    _ip(*inside, "link", "add", BRIDGE, "type", "bridge", "forward_delay", "0")
    _ip(*inside, "address", "add", f"{GATEWAY}/{PREFIX_LENGTH}", "dev", BRIDGE)
    _ip(*inside, "link", "set", BRIDGE, "up")
    spot = f"--net={NETNS_FOLDER / BASTION_NAMESPACE}"
    subprocess.run(["nsenter", spot, "--", "sysctl", "-qw", "net.ipv4.ip_forward=0"], check=True)


def plug_in(host: str, address: str) -> None:
    """A network card for the host, with the same hardware address each time, on the bridge."""
    own = namespace(host)
    _ip("netns", "add", own)
    hardware = "02:" + ":".join(f"{byte:02x}" for byte in (0, *IPv4Address(address).packed))
    peer = ("peer", "name", "eth0", "address", hardware, "netns", own)
    _ip("-n", BASTION_NAMESPACE, "link", "add", _port(host), "type", "veth", *peer)
    _ip("-n", BASTION_NAMESPACE, "link", "set", _port(host), "master", BRIDGE, "up")


def unplug(host: str) -> None:
    """Take the card and its namespace away: a machine without power remembers no address."""
    _ip("-n", BASTION_NAMESPACE, "link", "delete", _port(host), check=False)
    _ip("netns", "delete", namespace(host), check=False)


def set_link(host: str, up: bool) -> None:
    """Pull or plug the cable on the switch's side."""
    _ip("-n", BASTION_NAMESPACE, "link", "set", _port(host), "up" if up else "down")


def remove_all() -> None:
    """Delete every namespace of the lab; the bridge and the cards go with them."""
    for name in namespaces():
        _ip("netns", "delete", name)


def _port(host: str) -> str:
    return f"port-{host}"

"""Programs that would manage, and undo, what the pod network sets up."""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from steps.checks.check import (
    Answer,
    Check,
    Look,
    blocks,
    by_haui,
    command,
    passes,
    skips,
    tells,
    warns,
)
from steps.network import leaves_interfaces_alone
from steps.where import is_node

PREFIXES: dict[str, tuple[str, ...]] = {
    "flannel": ("flannel", "cni"),
    "bridge": ("cni",),
}
"""How names of the interfaces begin that a pod network makes, where haui does not say so to
NetworkManager itself."""

_LEAVE = ";".join(
    f"interface-name:{name}"
    for name in (
        "cni*", "flannel*", "cali*", "tunl*", "vxlan*", "cilium*", "lxc*", "veth*", "kube-*",
        "nodelocaldns",
    )
)  # fmt: skip
LEAVE_ALONE = (
    "mkdir -p /etc/NetworkManager/conf.d && "
    f"printf '[keyfile]\\nunmanaged-devices+={_LEAVE}\\n' "
    ">/etc/NetworkManager/conf.d/zz-kubernetes.conf && systemctl reload NetworkManager"
)
NO_CLOUD_SETUP = "systemctl disable --now nm-cloud-setup.timer nm-cloud-setup.service"
KEEP_ROUTES = (
    "mkdir -p /etc/systemd/networkd.conf.d && printf "
    "'[Network]\\nManageForeignRoutes=no\\nManageForeignRoutingPolicyRules=no\\n' "
    ">/etc/systemd/networkd.conf.d/zz-kubernetes.conf"
)
ROUTED = ("bridge", "cilium", "calico")
"""Pod networks that put routes of their own on the interfaces of the host."""


def units(look: Look) -> dict[str, tuple[str, str]]:
    """The services that systemd knows: active and enabled, by name."""
    return {name: (active, enabled) for name, active, enabled in look.facts.rows("unit", 3)}


def _network_manager(look: Look) -> Answer:
    known = units(look)
    if not known:
        return NO_SYSTEMD
    if known.get("NetworkManager", ("", ""))[0] != "active":
        return passes("NetworkManager does not run")
    left_alone = " ".join(look.facts.all("nm.unmanaged"))
    kind = look.spec.network.cni.kind
    if leaves_interfaces_alone(look.spec, look.host):
        seen = "NetworkManager runs, and is told not to manage the pods' interfaces"
        return tells(seen, by_haui("network.unmanaged", "haui writes its configuration."))
    names = PREFIXES.get(kind, ())
    if not names:
        return skips("nobody knows how the interfaces of your own pod network are called")
    missing = [name for name in names if f"interface-name:{name}" not in left_alone]
    if not missing or "interface-name:*" in left_alone:
        return passes("NetworkManager leaves the pod network alone")
    return warns(
        f"NetworkManager runs and would manage {', '.join(f'{name}*' for name in missing)}",
        command("Have NetworkManager leave the pod network alone.", LEAVE_ALONE),
        "unmanaged-devices names them",
    )


def _cloud_setup(look: Look) -> Answer:
    known = units(look)
    if not known:
        return NO_SYSTEMD
    on = [
        name
        for name in ("nm-cloud-setup", "nm-cloud-setup.timer")
        if name in known and (known[name][0] == "active" or known[name][1] == "enabled")
    ]
    if not on:
        return passes("nm-cloud-setup is not in use")
    return blocks(
        f"{' and '.join(on)} is enabled",
        command(
            "Switch nm-cloud-setup off; a reboot removes its routes and rules.", NO_CLOUD_SETUP
        ),
        "not enabled",
    )


def _networkd(look: Look) -> Answer:
    known = units(look)
    if not known:
        return NO_SYSTEMD
    if known.get("systemd-networkd", ("", ""))[0] != "active":
        return passes("systemd-networkd does not run")
    # The last one counts.
    said = dict(line.split("=", 1) for line in look.facts.all("networkd") if "=" in line)
    if said.get("ManageForeignRoutes", "yes").lower() in ("no", "false", "0", "off"):
        return passes("systemd-networkd leaves foreign routes alone")
    return warns(
        "systemd-networkd runs with ManageForeignRoutes=yes (its default)",
        command("Have systemd-networkd leave foreign routes alone.", KEEP_ROUTES),
        "ManageForeignRoutes=no",
    )


NO_SYSTEMD = skips("systemd told nothing of its services")


def _has_routes(spec: ClusterSpec, host: HostSpec) -> bool:
    return is_node(spec, host) and spec.network.cni.kind in ROUTED


CHECKS: tuple[Check, ...] = (
    Check(
        id="network.manager",
        title="NetworkManager and the pod network",
        area="network",
        why="NetworkManager would take the pod network's interfaces for its own and change them.",
        look=_network_manager,
        on=is_node,
    ),
    Check(
        id="network.cloud-setup",
        title="nm-cloud-setup",
        area="network",
        why="It writes routing rules every few minutes that lead packets of pods astray.",
        look=_cloud_setup,
        on=is_node,
    ),
    Check(
        id="network.networkd",
        title="systemd-networkd and routes to pods",
        area="network",
        why="When it restarts (an update does that) it removes routes that are not its own: those "
        "to the other nodes' pods.",
        look=_networkd,
        on=_has_routes,
    ),
)

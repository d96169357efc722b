"""The pod network: plugins on every node, and what the chosen kind needs besides.

flannel, Calico, Cilium and a manifest of the admin's own are applied once, by the first control
plane; whether they run on every node is looked at when all have joined. The bridge kind places a
file and routes on every node, which is only possible when all of them have joined, since the
cluster hands out the nodes' parts of the pod network then; steps.workers puts it there.
"""

from __future__ import annotations

import hashlib

from haui.host import File
from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Remote, Step, Values, Work
from steps import control_plane
from steps.cni import bridge
from steps.cni.kinds import cni_manifest, workloads
from steps.where import addresses, is_first, is_node

PLUGINS_FROM_PACKAGES = ("bridge", "flannel")
"""The others bring every plugin that they use, loopback and portmap among them."""

UNMANAGED_PATH = "/etc/NetworkManager/conf.d/zz-haui-pods.conf"
UNMANAGED = {
    "calico": ("cali*", "tunl*", "vxlan.calico", "wireguard.cali"),
    "cilium": ("cilium*", "lxc*"),
}
"""Interfaces that these pod networks make on the hosts."""


def unmanaged(spec: ClusterSpec) -> bytes:
    """NetworkManager's configuration that makes it leave the pods' interfaces alone."""
    names = ";".join(f"interface-name:{name}" for name in UNMANAGED[spec.network.cni.kind])
    return f"# Written by haui.\n[keyfile]\nunmanaged-devices+={names}\n".encode()


def _unmanaged_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    content = unmanaged(spec)
    env = {"HAUI_SHA256": hashlib.sha256(content).hexdigest()}
    return Work(
        files=(File(path=UNMANAGED_PATH, content=content),),
        probe=Call(script="network_unmanaged_probe", env=env),
        apply=Call(script="network_unmanaged_apply", env=env),
    )


def leaves_interfaces_alone(spec: ClusterSpec, host: HostSpec) -> bool:
    """Whether haui keeps NetworkManager away from the pods' interfaces of `host`."""
    return is_node(spec, host) and spec.network.cni.kind in UNMANAGED


def _plugins_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {"HAUI_PLUGINS": "bridge host-local loopback portmap"}
    return Work(
        probe=Call(script="network_plugins_probe", env=env),
        apply=Call(script="network_plugins_apply", env=env),
    )


def _uses_plugins(spec: ClusterSpec, host: HostSpec) -> bool:
    return is_node(spec, host) and spec.network.cni.kind in PLUGINS_FROM_PACKAGES


def _cni_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    manifest = cni_manifest(spec)
    env = {
        **control_plane.environment(spec, host),
        "HAUI_CNI_SHA256": hashlib.sha256(manifest).hexdigest(),
        "HAUI_CNI_WORKLOADS": _workloads(spec),
    }
    inputs = {"cni.yaml": manifest}
    return Work(
        probe=Call(script="network_cni_probe", env=env, inputs=inputs),
        apply=Call(script="network_cni_apply", env=env, inputs=inputs),
    )


def _workloads(spec: ClusterSpec) -> str:
    return " ".join(str(workload) for workload in workloads(spec))


def _rollout_call(spec: ClusterSpec, host: HostSpec) -> Call:
    env = {**control_plane.environment(spec, host), "HAUI_CNI_WORKLOADS": _workloads(spec)}
    return Call(script="network_rollout_probe", env=env)


def _rollout_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work(probe=_rollout_call(spec, host))


def _has_workloads(spec: ClusterSpec, host: HostSpec) -> bool:
    return is_first(spec, host) and bool(workloads(spec))


def _first(spec: ClusterSpec, host: HostSpec) -> tuple[str, ...]:
    return (spec.first_control_plane.name,)


def _has_manifest(spec: ClusterSpec, host: HostSpec) -> bool:
    return is_first(spec, host) and bool(cni_manifest(spec))


def _bridge_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    nodes = bridge.parse_nodes(values.get("nodes", ""))
    own = next((node.pods for node in nodes if node.name == host.name), bridge.PLACEHOLDER)
    ways = bridge.routes(nodes, host.name)
    env = {
        "HAUI_OWN_PODS": own,
        "HAUI_PODS": spec.network.pods,
        "HAUI_ROUTES": " ".join(f"{cidr}={address}" for cidr, address in ways.items()),
        "HAUI_CONFLIST": bridge.CONFLIST_PATH,
    }
    return Work(
        files=(
            File(path=bridge.CONFLIST_PATH, content=bridge.conflist(own, spec.network.cni.mtu)),
            File(path=bridge.UNIT_PATH, content=bridge.unit(own, spec.network.pods, ways)),
        ),
        probe=Call(script="network_bridge_probe", env=env),
        apply=Call(script="network_bridge_apply", env=env),
    )


def _uses_bridge(spec: ClusterSpec, host: HostSpec) -> bool:
    return is_node(spec, host) and spec.network.cni.kind == "bridge"


def _nodes_call(spec: ClusterSpec, host: HostSpec) -> Call:
    env = {
        **control_plane.environment(spec, host),
        "HAUI_NODES": addresses(spec.nodes),
    }
    return Call(script="network_nodes", env=env)


def _control_planes(spec: ClusterSpec, host: HostSpec) -> tuple[str, ...]:
    return tuple(other.name for other in spec.control_planes)


UNMANAGED_STEP = Step(
    id="network.unmanaged",
    title="Keep NetworkManager off the pods' interfaces",
    phase="system",
    on=leaves_interfaces_alone,
    work=_unmanaged_work,
    timeout_s=60,
    explain="Where NetworkManager runs, or is installed later, it would take the pod network's "
    "interfaces for its own. The file names them as not its concern.",
)

PLUGINS = Step(
    id="network.plugins",
    title="CNI plugins",
    phase="network",
    on=_uses_plugins,
    work=_plugins_work,
    timeout_s=120,
    explain="containerd looks for the plugins in /opt/cni/bin; some distributions keep them "
    "elsewhere.",
)

CNI = Step(
    id="network.cni",
    title="Pod network",
    phase="network",
    on=_has_manifest,
    work=_cni_work,
    needs=(control_plane.INIT.id,),
    timeout_s=900,
    explain="Applies the pod network's manifest. Nodes become ready when it runs on them.",
)

BRIDGE = Step(
    id="network.bridge",
    title="Pod network: bridge and routes",
    phase="workers",
    on=_uses_bridge,
    work=_bridge_work,
    needs=(control_plane.INIT.id, control_plane.JOIN.id, "workers.join"),
    supply=Remote(on=_control_planes, call=_nodes_call, timeout_s=90),
    supply_for="probe",
    timeout_s=180,
    explain="Bridges this node's part of the pod network and sets routes to the other nodes' "
    "parts. The cluster hands the parts out when nodes join.",
)

ROLLOUT = Step(
    id="network.rollout",
    title="Pod network on every node",
    phase="workers",
    on=_has_workloads,
    work=_rollout_work,
    needs=(CNI.id, control_plane.JOIN.id, "workers.join"),
    gate=Remote(on=_first, call=_rollout_call, patience_s=600, timeout_s=60),
    explain="Each node runs the pod network's agent, and what manages it runs as often as asked. "
    "A node may call itself ready before its agent is.",
)

STEPS: tuple[Step, ...] = (PLUGINS, CNI)

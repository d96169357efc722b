"""The pod network: plugins on every node, and what the chosen kind needs besides.

flannel and a manifest of the admin's own are applied once, by the first control plane. The bridge
kind places a file and routes on every node, which is only possible when all of them have joined,
since the cluster hands out the nodes' parts of the pod network then; steps.workers puts it there.
"""

from __future__ import annotations

import hashlib

from haui.host import File
from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Remote, Step, Values, Work
from steps import control_plane
from steps.cni import bridge, flannel
from steps.where import addresses, is_first, is_node
from steps.yaml_stream import yaml_stream


def cni_manifest(spec: ClusterSpec) -> bytes:
    """The manifest to apply for this kind of pod network; empty when there is none."""
    if spec.network.cni.kind == "flannel":
        return yaml_stream(flannel.manifest(spec))
    if spec.network.cni.kind == "none" and spec.network.cni.manifest_text:
        return spec.network.cni.manifest_text.encode()
    return b""


def _plugins_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {"HAUI_PLUGINS": "bridge host-local loopback portmap"}
    return Work(
        probe=Call(script="network_plugins_probe", env=env),
        apply=Call(script="network_plugins_apply", env=env),
    )


def _uses_plugins(spec: ClusterSpec, host: HostSpec) -> bool:
    return is_node(spec, host) and spec.network.cni.kind in ("bridge", "flannel")


def _cni_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    manifest = cni_manifest(spec)
    rollout = f"{flannel.NAMESPACE}/{flannel.NAME}" if spec.network.cni.kind == "flannel" else ""
    env = {
        **control_plane.environment(spec, host),
        "HAUI_CNI_SHA256": hashlib.sha256(manifest).hexdigest(),
        "HAUI_CNI_DAEMON_SET": rollout,
    }
    inputs = {"cni.yaml": manifest}
    return Work(
        probe=Call(script="network_cni_probe", env=env, inputs=inputs),
        apply=Call(script="network_cni_apply", env=env, inputs=inputs),
    )


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

STEPS: tuple[Step, ...] = (PLUGINS, CNI)

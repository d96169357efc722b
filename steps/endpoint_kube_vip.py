"""kube-vip: a static pod on every control plane brings the virtual address to the host.

The manifest is built as a dict. It talks to the API server of its own host, so that the address
never depends on itself. On the first control plane of Kubernetes 1.29 and newer it starts with
super-admin.conf: admin.conf has no rights until kubeadm has given it some through the very address
that kube-vip brings. Right after init the manifest is mended (steps.endpoint_settled).

One thing can't be rendered beforehand: the name of the interface, which may differ per host. Where
the cluster file doesn't say it, the manifest holds `INTERFACE_MARK` and the script puts it in.
"""

from __future__ import annotations

from typing import Any

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from steps.kubeadm import API_PORT, dump, url_host
from steps.where import is_first

VERSION = "1.2.3"
IMAGE = "ghcr.io/kube-vip/kube-vip"

ADMIN_CONF = "/etc/kubernetes/admin.conf"
SUPER_ADMIN_CONF = "/etc/kubernetes/super-admin.conf"
SUPER_ADMIN_MINOR = 29
"""From this minor on admin.conf has no rights before kubeadm init is nearly over."""

CA = "/etc/kubernetes/pki/ca.crt"
INTERFACE_MARK = "HAUI-INTERFACE"
METRICS = "127.0.0.1:2112"

LEASE_S, RENEW_S, RETRY_S = 15, 10, 2
"""Leader election, as Kubernetes' own controllers have it: the address outlives etcd's pauses while
it grows. It moves 13 to 24 seconds after its holder has died: the others ask every 2 to 4.4 s,
count the lease from when they have seen its last renewal, and take it when they ask next."""

BGP_HOLD_S, BGP_KEEPALIVE_S = 15, 5
"""How long a router believes in a control plane that has died without a word, and sends it a share
of the clients: no longer than the others believe in a leader. kube-vip would say 30 seconds."""

FINAL, INITIAL = "kube-vip.yaml", "kube-vip-init.yaml"
"""The manifest as it stays, and as it is until kubeadm init is over, as inputs of the scripts."""


def uses_kube_vip(spec: ClusterSpec) -> bool:
    """Whether kube-vip keeps the cluster's virtual address."""
    return spec.endpoint.kind == "kube-vip"


def is_bgp(spec: ClusterSpec) -> bool:
    """Whether every control plane announces the address to routers."""
    return uses_kube_vip(spec) and spec.endpoint.mode == "bgp"


def image(spec: ClusterSpec) -> str:
    """The image with its tag; mirrors of ghcr.io apply to it as to any other."""
    return f"{IMAGE}:v{VERSION}"


def interface(spec: ClusterSpec, host: HostSpec) -> str:
    """The interface that carries the address; empty when only the host itself knows."""
    return host.interface or spec.endpoint.interface or ("lo" if is_bgp(spec) else "")


def manifest(spec: ClusterSpec, host: HostSpec, kubeconfig: str = ADMIN_CONF) -> bytes:
    """The static pod of `host`, which acts with the rights of `kubeconfig`."""
    mounts = {"kubeconfig": (kubeconfig, ADMIN_CONF)} | ({"ca": (CA, CA)} if is_bgp(spec) else {})
    container = {
        "name": "kube-vip",
        "image": image(spec),
        "imagePullPolicy": "IfNotPresent",
        "args": ["manager"],
        "env": _environment(spec, host),
        "securityContext": {"capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]}},
        "volumeMounts": [
            {"name": name, "mountPath": inside, "readOnly": True}
            for name, (_, inside) in mounts.items()
        ],
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "kube-vip", "namespace": "kube-system"},
        "spec": {
            "hostNetwork": True,
            "priorityClassName": "system-node-critical",
            "hostAliases": [{"ip": "127.0.0.1", "hostnames": ["kubernetes"]}],
            "containers": [container],
            # A missing file would otherwise be made, as a folder that kubeadm then stumbles over.
            "volumes": [
                {"name": name, "hostPath": {"path": outside, "type": "File"}}
                for name, (outside, _) in mounts.items()
            ],
        },
    }
    return dump([pod])


def initial_manifest(spec: ClusterSpec, host: HostSpec) -> bytes:
    """The manifest to begin with on the first control plane, see the module."""
    # Without a leader there is no lease, and nothing to ask the API server for.
    needs_rights = spec.kubernetes.minor >= SUPER_ADMIN_MINOR and not is_bgp(spec)
    return manifest(spec, host, SUPER_ADMIN_CONF if needs_rights else ADMIN_CONF)


def initial_inputs(spec: ClusterSpec, host: HostSpec) -> dict[str, bytes]:
    """Both manifests; a script puts the one in place that fits what it finds."""
    return {FINAL: manifest(spec, host), INITIAL: initial_manifest(spec, host)}


def environment(spec: ClusterSpec, host: HostSpec) -> dict[str, str]:
    """What every script about kube-vip knows."""
    return {
        "HAUI_VIP": spec.endpoint.vip or "",
        "HAUI_VIP_MODE": spec.endpoint.mode,
        "HAUI_VIP_IMAGE": image(spec),
        "HAUI_INTERFACE": interface(spec, host),
        "HAUI_INTERFACE_MARK": INTERFACE_MARK,
    }


def _environment(spec: ClusterSpec, host: HostSpec) -> list[dict[str, Any]]:
    vip = spec.endpoint.vip or ""
    settings = {
        "address": vip,
        "port": str(API_PORT),
        "vip_interface": interface(spec, host) or INTERFACE_MARK,
        "vip_subnet": "128" if ":" in vip else "32",
        "cp_enable": "true",
        "cp_namespace": "kube-system",
        # By its address, which is in every API server's certificate. The name `kubernetes`, which
        # it would use otherwise, is missing in the pods of some releases of 1.28 to 1.30.
        "kubernetes_addr": f"https://{url_host(host.address)}:{API_PORT}",
        # Only for this host; a free port on all addresses is not ours to take.
        "prometheus_server": METRICS,
        **(_bgp(spec, host) if is_bgp(spec) else _arp()),
    }
    node = {"name": "vip_nodename", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    return [node, *({"name": name, "value": value} for name, value in settings.items())]


def _arp() -> dict[str, str]:
    """One control plane leads and answers for the address in the network segment."""
    return {
        "vip_arp": "true",
        "vip_leaderelection": "true",
        "vip_leasename": "plndr-cp-lock",
        "vip_leaseduration": str(LEASE_S),
        "vip_renewdeadline": str(RENEW_S),
        "vip_retryperiod": str(RETRY_S),
    }


def _bgp(spec: ClusterSpec, host: HostSpec) -> dict[str, str]:
    """Each control plane announces the address while its own API server is well."""
    bgp = spec.endpoint.bgp
    peers = [
        f"{url_host(peer.address)}:{peer.asn}::{str(peer.multihop).lower()}" for peer in bgp.peers
    ]
    identity = (
        {"bgp_routerinterface": bgp.router_interface}
        if bgp.router_interface
        else {"bgp_routerid": host.address}
    )
    source = {"bgp_sourceif": bgp.source_interface} if bgp.source_interface else {}
    health = "control_plane_health_check"
    return {
        "vip_leaderelection": "false",
        "bgp_enable": "true",
        "bgp_as": str(bgp.asn),
        **identity,
        **source,
        "bgp_peers": ",".join(peers),
        "bgp_hold_time": str(BGP_HOLD_S),
        "bgp_keepalive_interval": str(BGP_KEEPALIVE_S),
        f"{health}_address": f"https://{url_host(host.address)}:{API_PORT}/livez",
        f"{health}_period_seconds": "5",
        f"{health}_timeout_seconds": "3",
        f"{health}_failure_threshold": "3",
        f"{health}_ca_path": CA,
    }


def _begins(spec: ClusterSpec, host: HostSpec) -> bool:
    return uses_kube_vip(spec) and is_first(spec, host)


def _place(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {**environment(spec, host), "HAUI_MINOR": str(spec.kubernetes.minor)}
    inputs = initial_inputs(spec, host)
    return Work(
        probe=Call(script="endpoint_kube_vip_place_probe", env=env, inputs=inputs),
        apply=Call(script="endpoint_kube_vip_place_apply", env=env, inputs=inputs),
    )


PLACE = Step(
    id="endpoint.kube_vip",
    title="Prepare kube-vip",
    phase="endpoint",
    on=_begins,
    work=_place,
    timeout_s=180,
    explain="kubeadm init waits for the API at the virtual address, so the pod that brings it has "
    "to start together with the API server. From Kubernetes 1.29 on it acts with super-admin.conf "
    "until init is over, since admin.conf has no rights before.",
)

"""flannel's objects, built as dicts."""

from __future__ import annotations

import json
from typing import Any

from haui.spec import ClusterSpec

VERSION = "0.28.9"
CNI_PLUGIN = "1.9.1-flannel3"
"""The versions that were released together; cluster files may name another flannel."""

IMAGE = "ghcr.io/flannel-io/flannel"
CNI_PLUGIN_IMAGE = "ghcr.io/flannel-io/flannel-cni-plugin"

NAMESPACE = "kube-flannel"
NAME = "kube-flannel-ds"

Document = dict[str, Any]


def manifest(spec: ClusterSpec) -> list[Document]:
    """Everything that flannel needs in the cluster, in the order in which to apply it."""
    labels = {"app": "flannel", "k8s-app": "flannel", "tier": "node"}
    namespace = {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": NAMESPACE,
            "labels": {"pod-security.kubernetes.io/enforce": "privileged"},
        },
    }
    return [namespace, *_rights(), _settings(spec, labels), _daemon_set(spec, labels)]


def _rights() -> list[Document]:
    rbac = "rbac.authorization.k8s.io"
    rules = [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]},
        {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": [""], "resources": ["nodes/status"], "verbs": ["patch"]},
    ]
    return [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "flannel", "namespace": NAMESPACE},
        },
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "flannel"},
            "rules": rules,
        },
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "flannel"},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "flannel"},
            "subjects": [{"kind": "ServiceAccount", "name": "flannel", "namespace": NAMESPACE}],
        },
    ]


def _settings(spec: ClusterSpec, labels: dict[str, str]) -> Document:
    backend: Document = {"Type": "vxlan"}
    if spec.network.cni.mtu:
        backend["MTU"] = spec.network.cni.mtu
    network: Document = {
        "Network": spec.network.pods,
        "EnableNFTables": spec.network.kube_proxy == "nftables",
        "Backend": backend,
    }
    delegate = {"hairpinMode": True, "isDefaultGateway": True}
    plugins = [
        {"type": "flannel", "delegate": delegate},
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ]
    cni = {"name": "cbr0", "cniVersion": "0.3.1", "plugins": plugins}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "kube-flannel-cfg", "namespace": NAMESPACE, "labels": labels},
        "data": {
            "cni-conf.json": json.dumps(cni, indent=2),
            "net-conf.json": json.dumps(network, indent=2),
        },
    }


def _daemon_set(spec: ClusterSpec, labels: dict[str, str]) -> Document:
    image = f"{IMAGE}:v{spec.network.cni.version or VERSION}"
    pod = {
        "hostNetwork": True,
        "priorityClassName": "system-node-critical",
        "serviceAccountName": "flannel",
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"operator": "Exists", "effect": "NoSchedule"}],
        "initContainers": _installers(image),
        "containers": [_daemon(image)],
        "volumes": [
            _host_path("run", "/run/flannel"),
            _host_path("cni-plugin", "/opt/cni/bin"),
            _host_path("cni", "/etc/cni/net.d"),
            _host_path("xtables-lock", "/run/xtables.lock", kind="FileOrCreate"),
            {"name": "flannel-cfg", "configMap": {"name": "kube-flannel-cfg"}},
        ],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": labels},
        "spec": {
            "selector": {"matchLabels": {"app": "flannel"}},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def _installers(image: str) -> list[Document]:
    return [
        {
            "name": "install-cni-plugin",
            "image": f"{CNI_PLUGIN_IMAGE}:v{CNI_PLUGIN}",
            "command": ["cp"],
            "args": ["-f", "/flannel", "/opt/cni/bin/flannel"],
            "volumeMounts": [{"name": "cni-plugin", "mountPath": "/opt/cni/bin"}],
        },
        {
            "name": "install-cni",
            "image": image,
            "command": ["cp"],
            "args": [
                "-f",
                "/etc/kube-flannel/cni-conf.json",
                "/etc/cni/net.d/10-flannel.conflist",
            ],
            "volumeMounts": [
                {"name": "cni", "mountPath": "/etc/cni/net.d"},
                {"name": "flannel-cfg", "mountPath": "/etc/kube-flannel/"},
            ],
        },
    ]


def _daemon(image: str) -> Document:
    def from_field(name: str, path: str) -> Document:
        return {"name": name, "valueFrom": {"fieldRef": {"fieldPath": path}}}

    return {
        "name": "kube-flannel",
        "image": image,
        "command": ["/opt/bin/flanneld"],
        # The interface by the node's own address: right on hosts with several of them.
        "args": ["--ip-masq", "--kube-subnet-mgr", "--iface=$(NODE_IP)"],
        "resources": {"requests": {"cpu": "100m", "memory": "50Mi"}},
        "securityContext": {
            "privileged": False,
            "capabilities": {"add": ["NET_ADMIN", "NET_RAW"]},
        },
        "env": [
            from_field("POD_NAME", "metadata.name"),
            from_field("POD_NAMESPACE", "metadata.namespace"),
            from_field("NODE_IP", "status.hostIP"),
            {"name": "EVENT_QUEUE_DEPTH", "value": "5000"},
        ],
        "volumeMounts": [
            {"name": "run", "mountPath": "/run/flannel"},
            {"name": "flannel-cfg", "mountPath": "/etc/kube-flannel/"},
            {"name": "xtables-lock", "mountPath": "/run/xtables.lock"},
        ],
    }


def _host_path(name: str, path: str, kind: str = "") -> Document:
    source: Document = {"path": path}
    if kind:
        source["type"] = kind
    return {"name": name, "hostPath": source}

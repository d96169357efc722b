"""flannel's objects, built as dicts."""

from __future__ import annotations

import json

from haui.clusterfile.pod_networks import POD_NETWORKS
from haui.spec import ClusterSpec
from steps.cni.objects import Document, env_field, env_value, host_path, image

VERSION = POD_NETWORKS["flannel"].version
CNI_PLUGIN = "1.9.1-flannel3"
"""The versions that were released together; cluster files may name another flannel."""

IMAGE = "ghcr.io/flannel-io/flannel"
CNI_PLUGIN_IMAGE = "ghcr.io/flannel-io/flannel-cni-plugin"

NAMESPACE = "kube-flannel"
NAME = "kube-flannel-ds"


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
    encapsulation = spec.network.cni.encapsulation
    backend: Document = {"Type": "host-gw" if encapsulation == "never" else "vxlan"}
    if encapsulation == "across-subnets":
        backend["DirectRouting"] = True
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
    own = image(spec, IMAGE, spec.network.cni.version or VERSION)
    pod = {
        "hostNetwork": True,
        "priorityClassName": "system-node-critical",
        "serviceAccountName": "flannel",
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"operator": "Exists", "effect": "NoSchedule"}],
        "initContainers": _installers(spec, own),
        "containers": [_daemon(own)],
        "volumes": [
            host_path("run", "/run/flannel"),
            host_path("cni-plugin", "/opt/cni/bin"),
            host_path("cni", "/etc/cni/net.d"),
            host_path("xtables-lock", "/run/xtables.lock", "FileOrCreate"),
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


def _installers(spec: ClusterSpec, own: str) -> list[Document]:
    return [
        {
            "name": "install-cni-plugin",
            "image": image(spec, CNI_PLUGIN_IMAGE, CNI_PLUGIN),
            "command": ["cp"],
            "args": ["-f", "/flannel", "/opt/cni/bin/flannel"],
            "volumeMounts": [{"name": "cni-plugin", "mountPath": "/opt/cni/bin"}],
        },
        {
            "name": "install-cni",
            "image": own,
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


def _daemon(own: str) -> Document:
    return {
        "name": "kube-flannel",
        "image": own,
        "command": ["/opt/bin/flanneld"],
        # The interface by the node's own address: right on hosts with several of them.
        "args": ["--ip-masq", "--kube-subnet-mgr", "--iface=$(NODE_IP)"],
        "resources": {"requests": {"cpu": "100m", "memory": "50Mi"}},
        "securityContext": {
            "privileged": False,
            "capabilities": {"add": ["NET_ADMIN", "NET_RAW"]},
        },
        "env": [
            env_field("POD_NAME", "metadata.name"),
            env_field("POD_NAMESPACE", "metadata.namespace"),
            env_field("NODE_IP", "status.hostIP"),
            env_value("EVENT_QUEUE_DEPTH", "5000"),
        ],
        "volumeMounts": [
            {"name": "run", "mountPath": "/run/flannel"},
            {"name": "flannel-cfg", "mountPath": "/etc/kube-flannel/"},
            {"name": "xtables-lock", "mountPath": "/run/xtables.lock"},
        ],
    }

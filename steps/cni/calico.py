"""Calico's objects, built as dicts: the node's agent, the controllers and what they read.

Facts: calico.yaml and the sources of Calico 3.32. VXLAN needs no BGP, so its daemon runs only where
packets travel without encapsulation. docs/decisions/0014 says what is left out and why.
"""

from __future__ import annotations

import json

from haui.clusterfile.pod_networks import POD_NETWORKS
from haui.spec import ClusterSpec
from steps.cni.calico_crds import definitions
from steps.cni.calico_rights import CONTROLLERS, NODE, rights
from steps.cni.objects import (
    SYSTEM,
    Document,
    config_map,
    env_field,
    env_key,
    env_value,
    host_path,
    image,
    mount,
)

VERSION = POD_NETWORKS["calico"].version
CONFIG = "calico-config"

NODE_IMAGE = "quay.io/calico/node"
CNI_IMAGE = "quay.io/calico/cni"
CONTROLLERS_IMAGE = "quay.io/calico/kube-controllers"

CONFLIST = "10-calico.conflist"
VXLAN_MODES = {"always": "Always", "across-subnets": "CrossSubnet", "never": "Never"}
"""`network.cni.encapsulation` in Calico's words."""


def manifest(spec: ClusterSpec) -> list[Document]:
    """Everything that Calico needs in the cluster, in the order in which to apply it."""
    settings = config_map(CONFIG, _settings(spec))
    return [*definitions(), *rights(), settings, _daemon_set(spec), _deployment(spec)]


def uses_bgp(spec: ClusterSpec) -> bool:
    """Whether the nodes tell each other their routes by BGP."""
    return spec.network.cni.kind == "calico" and spec.network.cni.encapsulation == "never"


def _tag(spec: ClusterSpec) -> str:
    return spec.network.cni.version or VERSION


def _settings(spec: ClusterSpec) -> dict[str, str]:
    # Words between double underscores are filled in on the node by Calico's installer.
    calico: Document = {
        "type": "calico",
        "log_level": "info",
        "log_file_path": "/var/log/calico/cni/cni.log",
        "datastore_type": "kubernetes",
        "nodename": "__KUBERNETES_NODE_NAME__",
        "mtu": spec.network.cni.mtu or 0,
        "ipam": {"type": "calico-ipam"},
        "policy": {"type": "k8s"},
        "kubernetes": {"kubeconfig": "__KUBECONFIG_FILEPATH__"},
    }
    portmap = {"type": "portmap", "snat": True, "capabilities": {"portMappings": True}}
    network = {"name": "k8s-pod-network", "cniVersion": "0.3.1", "plugins": [calico, portmap]}
    return {
        "calico_backend": "bird" if uses_bgp(spec) else "vxlan",
        # 0: Calico works it out from the interface.
        "veth_mtu": str(spec.network.cni.mtu or 0),
        "cni_network_config": json.dumps(network, indent=2),
    }


def _daemon_set(spec: ClusterSpec) -> Document:
    pod = {
        "hostNetwork": True,
        "priorityClassName": "system-node-critical",
        "serviceAccountName": NODE,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [
            {"operator": "Exists", "effect": "NoSchedule"},
            {"operator": "Exists", "effect": "NoExecute"},
        ],
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        # A node without its agent for long is worse than one that ends at once.
        "terminationGracePeriodSeconds": 0,
        "initContainers": [_installer(spec)],
        "containers": [_agent(spec)],
        "volumes": [
            host_path("lib-modules", "/lib/modules"),
            host_path("var-run-calico", "/var/run/calico", "DirectoryOrCreate"),
            host_path("var-lib-calico", "/var/lib/calico", "DirectoryOrCreate"),
            host_path("xtables-lock", "/run/xtables.lock", "FileOrCreate"),
            host_path("bpffs", "/sys/fs/bpf", "Directory"),
            host_path("cni-bin-dir", "/opt/cni/bin", "DirectoryOrCreate"),
            host_path("cni-net-dir", "/etc/cni/net.d", "DirectoryOrCreate"),
            host_path("cni-log-dir", "/var/log/calico/cni", "DirectoryOrCreate"),
        ],
    }
    labels = {"k8s-app": NODE}
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": NODE, "namespace": SYSTEM, "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 1}},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def _installer(spec: ClusterSpec) -> Document:
    return {
        "name": "install-cni",
        "image": image(spec, CNI_IMAGE, _tag(spec)),
        "imagePullPolicy": "IfNotPresent",
        "command": ["/opt/cni/bin/install"],
        "env": [
            env_value("CNI_CONF_NAME", CONFLIST),
            env_key("CNI_NETWORK_CONFIG", CONFIG, "cni_network_config"),
            env_field("KUBERNETES_NODE_NAME", "spec.nodeName"),
            # It ends once everything is in place.
            env_value("SLEEP", "false"),
        ],
        "securityContext": {"privileged": True},
        "volumeMounts": [
            mount("cni-bin-dir", "/host/opt/cni/bin"),
            mount("cni-net-dir", "/host/etc/cni/net.d"),
        ],
    }


def _agent(spec: ClusterSpec) -> Document:
    bird = uses_bgp(spec)
    probe = ["/bin/calico-node"]
    live = [*probe, "-felix-live", *(["-bird-live"] if bird else [])]
    ready = [*probe, "-felix-ready", *(["-bird-ready"] if bird else [])]
    return {
        "name": NODE,
        "image": image(spec, NODE_IMAGE, _tag(spec)),
        "imagePullPolicy": "IfNotPresent",
        "env": _environment(spec),
        "securityContext": {"privileged": True},
        "resources": {"requests": {"cpu": "250m"}},
        "lifecycle": {"preStop": {"exec": {"command": [*probe, "-shutdown"]}}},
        "livenessProbe": {
            "exec": {"command": live},
            "initialDelaySeconds": 10,
            "periodSeconds": 10,
            "timeoutSeconds": 10,
            "failureThreshold": 6,
        },
        "readinessProbe": {
            "exec": {"command": ready},
            "periodSeconds": 10,
            "timeoutSeconds": 10,
        },
        "volumeMounts": [
            mount("lib-modules", "/lib/modules", read_only=True),
            mount("xtables-lock", "/run/xtables.lock"),
            mount("var-run-calico", "/var/run/calico"),
            mount("var-lib-calico", "/var/lib/calico"),
            mount("bpffs", "/sys/fs/bpf"),
            # It renews the token that the plugin uses there.
            mount("cni-net-dir", "/host/etc/cni/net.d"),
            mount("cni-log-dir", "/var/log/calico/cni", read_only=True),
        ],
    }


def _environment(spec: ClusterSpec) -> list[Document]:
    nftables = spec.network.kube_proxy == "nftables"
    said = {
        "DATASTORE_TYPE": "kubernetes",
        "WAIT_FOR_DATASTORE": "true",
        "CLUSTER_TYPE": "k8s,bgp" if uses_bgp(spec) else "k8s",
        # The node's own address, as the kubelet was told it: right on hosts with several of them.
        "IP": "autodetect",
        "IP_AUTODETECTION_METHOD": "kubernetes-internal-ip",
        "CALICO_IPV4POOL_CIDR": spec.network.pods,
        "CALICO_IPV4POOL_IPIP": "Never",
        "CALICO_IPV4POOL_VXLAN": VXLAN_MODES[spec.network.cni.encapsulation],
        "CALICO_IPV6POOL_CIDR": "none",
        "CALICO_DISABLE_FILE_LOGGING": "true",
        "FELIX_IPV6SUPPORT": "false",
        "FELIX_HEALTHENABLED": "true",
        "FELIX_DEFAULTENDPOINTTOHOSTACTION": "ACCEPT",
        # Rules in iptables and nftables at once would judge every packet twice.
        "FELIX_NFTABLESMODE": "Enabled" if nftables else "Disabled",
        # By default it tells its makers about the cluster every day.
        "FELIX_USAGEREPORTINGENABLED": "false",
    }
    return [
        env_field("NODENAME", "spec.nodeName"),
        env_key("CALICO_NETWORKING_BACKEND", CONFIG, "calico_backend"),
        env_key("FELIX_VXLANMTU", CONFIG, "veth_mtu"),
        *(env_value(name, value) for name, value in said.items()),
    ]


def _deployment(spec: ClusterSpec) -> Document:
    labels = {"k8s-app": CONTROLLERS}
    check = ["/usr/bin/check-status"]
    container = {
        "name": CONTROLLERS,
        "image": image(spec, CONTROLLERS_IMAGE, _tag(spec)),
        "imagePullPolicy": "IfNotPresent",
        "env": [
            # The one that gives back the addresses of nodes that are gone. The other one of
            # upstream's manifest serves pools for Services of type LoadBalancer.
            env_value("ENABLED_CONTROLLERS", "node,loadbalancer"),
            env_value("DATASTORE_TYPE", "kubernetes"),
        ],
        "securityContext": {"runAsNonRoot": True},
        "livenessProbe": {
            "exec": {"command": [*check, "-l"]},
            "initialDelaySeconds": 10,
            "periodSeconds": 10,
            "timeoutSeconds": 10,
            "failureThreshold": 6,
        },
        "readinessProbe": {"exec": {"command": [*check, "-r"]}, "periodSeconds": 10},
    }
    pod = {
        "priorityClassName": "system-cluster-critical",
        "serviceAccountName": CONTROLLERS,
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [
            {"key": "CriticalAddonsOnly", "operator": "Exists"},
            {"key": "node-role.kubernetes.io/master", "effect": "NoSchedule"},
            {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"},
        ],
        "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [container],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": CONTROLLERS, "namespace": SYSTEM, "labels": labels},
        "spec": {
            # Only one may work at a time.
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }

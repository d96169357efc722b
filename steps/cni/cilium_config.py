"""What Cilium's agent and operator read: the keys of their ConfigMap.

Facts: the Helm chart and the sources of Cilium 1.20. A key stands here when it is a choice of the
cluster file, or when the program's own default differs from what the chart gives it.
"""

from __future__ import annotations

from haui.spec import ClusterSpec
from steps.cni.cilium_rights import SECRETS

VXLAN_BYTES = 50
"""What VXLAN adds to a packet; Cilium takes it off its `mtu`, which is the hosts'."""

CGROUP_ROOT = "/run/cilium/cgroupv2"
BPF_ROOT = "/sys/fs/bpf"

_ALWAYS = {
    # Who is who is kept in Cilium's own objects in the cluster.
    "identity-allocation-mode": "crd",
    "identity-management-mode": "agent",
    "identity-heartbeat-timeout": "30m0s",
    "identity-gc-interval": "15m0s",
    "cilium-endpoint-gc-interval": "5m0s",
    "nodes-gc-interval": "5m0s",
    "synchronize-k8s-nodes": "true",
    "debug": "false",
    "cluster-name": "default",
    "cluster-id": "0",
    # Policies.
    "enable-policy": "default",
    "enable-k8s-networkpolicy": "true",
    "enable-well-known-identities": "false",
    "policy-secrets-namespace": SECRETS,
    "policy-secrets-only-from-secrets-namespace": "true",
    "enable-policy-secrets-sync": "false",
    "enable-non-default-deny-policies": "true",
    # Addresses: each node takes its part from what the cluster gave it.
    "enable-ipv4": "true",
    "enable-ipv6": "false",
    "ipam": "kubernetes",
    "k8s-require-ipv4-pod-cidr": "true",
    "enable-ipv4-masquerade": "true",
    "datapath-mode": "veth",
    # The plugin's configuration, written when the agent can serve it.
    "write-cni-conf-when-ready": "/host/etc/cni/net.d/05-cilium.conflist",
    "cni-exclusive": "true",
    "cni-log-file": "/var/run/cilium/cilium-cni.log",
    "custom-cni-conf": "false",
    # Where the host's folders are in the agent's container.
    "procfs": "/host/proc",
    "bpf-root": BPF_ROOT,
    "cgroup-root": CGROUP_ROOT,
    # Sizes of the kernel's tables, after the memory of the host.
    "bpf-map-dynamic-size-ratio": "0.0025",
    "bpf-policy-map-max": "16384",
    "bpf-lb-map-max": "65536",
    "preallocate-bpf-maps": "false",
    "bpf-distributed-lru": "false",
    "monitor-aggregation": "medium",
    "monitor-aggregation-interval": "5s",
    "monitor-aggregation-flags": "all",
    # Services.
    "node-port-bind-protection": "true",
    "enable-auto-protect-node-port-range": "true",
    "enable-health-check-nodeport": "true",
    "bpf-lb-acceleration": "disabled",
    "bpf-lb-external-clusterip": "false",
    "bpf-lb-sock": "false",
    "enable-lb-ipam": "true",
    "default-lb-service-ipam": "lbipam",
    "service-no-backend-response": "reject",
    "enable-no-service-endpoints-routable": "true",
    # Envoy, for policies above TCP and by DNS names, runs inside of the agent's own container.
    "enable-l7-proxy": "true",
    "external-envoy-proxy": "false",
    "envoy-xds-mode": "ads",
    "envoy-keep-cap-netbindservice": "false",
    "proxy-initial-fetch-timeout": "30",
    "proxy-xff-num-trusted-hops-ingress": "0",
    "proxy-xff-num-trusted-hops-egress": "0",
    "dnsproxy-enable-transparent-mode": "true",
    "dnsproxy-socket-linger-timeout": "10",
    "tofqdns-endpoint-max-ip-per-hostname": "1000",
    "tofqdns-preallocate-identities": "true",
    "enable-xt-socket-fallback": "true",
    # Health: of the agents among each other, and of each for the kubelet.
    "enable-health-checking": "true",
    "enable-endpoint-health-checking": "true",
    "operator-api-serve-addr": "127.0.0.1:9234",
    "remove-cilium-node-taints": "true",
    "set-cilium-node-taints": "true",
    "set-cilium-is-up-condition": "true",
    "agent-not-ready-taint-key": "node.cilium.io/agent-not-ready",
    "unmanaged-pod-watcher-interval": "15s",
    "enable-source-ip-verification": "true",
    "enable-dynamic-config": "true",
    "enable-drift-checker": "true",
    "enable-tcx": "true",
    "packetization-layer-pmtud-mode": "blackhole",
    # What haui does not set up.
    "enable-hubble": "false",
    "enable-metrics": "false",
    "mesh-auth-enabled": "false",
    "clustermesh-enable-endpoint-sync": "false",
    "clustermesh-enable-mcs-api": "false",
    "enable-l2-neigh-discovery": "false",
    "enable-host-firewall": "false",
    "enable-vtep": "false",
}  # fmt: skip


def settings(spec: ClusterSpec) -> dict[str, str]:
    """The ConfigMap's data: texts, as Cilium reads each key as a command-line option."""
    network = spec.network
    replaces = network.kube_proxy == "none"
    chosen = {"kube-proxy-replacement": "true" if replaces else "false"}
    if replaces:
        # Balancers ask it whether a node serves, as they would ask kube-proxy.
        chosen["kube-proxy-replacement-healthz-bind-address"] = "0.0.0.0:10256"
    tunnel = network.cni.encapsulation != "never"
    if tunnel:
        chosen |= {
            "routing-mode": "tunnel",
            "tunnel-protocol": "vxlan",
            "auto-direct-node-routes": "false",
        }
    else:
        chosen |= {
            "routing-mode": "native",
            "auto-direct-node-routes": "true",
            "ipv4-native-routing-cidr": network.pods,
        }
    if network.cni.mtu:
        chosen["mtu"] = str(network.cni.mtu + (VXLAN_BYTES if tunnel else 0))
    return {**_ALWAYS, **chosen}

"""The table of known failures of the cluster itself: kubeadm, the endpoint, the pod network.

See haui.documents.cause_rules for what the fields mean and which order counts.
"""

from __future__ import annotations

from haui.documents.cause_rules import ACCESS, MACHINE, Rule
from haui.documents.cause_rules_etcd import ETCD
from haui.documents.cause_rules_supply import PACKAGES, SUPPLY

KUBEADM = (
    Rule(
        id="join-endpoint",
        pattern=r"stable controlPlaneEndpoint",
        cause="the cluster was begun without an endpoint, so that nothing can join it",
        fix="Undo the first control plane with kubeadm reset and let haui begin it again.",
    ),
    Rule(
        id="join-secret",
        pattern=r"kubeadm-certs.{0,40}not found|error downloading the secret"
        r"|could not find a JWS signature|token .{0,60}(?:expired|invalid for this cluster)",
        cause="the join's token or the uploaded certificates are gone: they live for half an hour "
        "and two hours",
        fix="Retry: haui mints new ones for each join.",
    ),
    Rule(
        id="node-exists",
        pattern=r"A Node with name .{1,200} already exists",
        cause="a Node of this name is in the cluster already, from an earlier attempt or another "
        "host",
        fix="Give the hosts unique names, or delete the stale Node and retry.",
        command="kubectl get nodes -o wide",
    ),
    Rule(
        id="leftovers",
        pattern=r"\[ERROR (?:FileAvailable|DirAvailable)--",
        cause="files of an earlier kubeadm attempt are in the way",
        fix="When nothing of that attempt is needed any more, undo it on this host and retry.",
        command="kubeadm reset",
    ),
    Rule(
        id="port-in-use",
        pattern=r"[Pp]ort (?:\d{2,5})(?: is in use|: held by)|\[ERROR Port-\d+\]"
        r"|address already in use|bind\(\) to \S+ failed \(98",
        cause="another process of the host holds a port that Kubernetes or the balancer needs",
        fix="Stop that process or move it to another port; for a balancer beside the API server "
        "choose another endpoint.port than 6443.",
        command="ss -ltnp",
    ),
    Rule(
        id="runtime-interface",
        pattern=r"unknown service runtime\.v1|container runtime is not running"
        r"|validate CRI v1 runtime API|interface for Kubernetes does not answer",
        cause="containerd does not answer as a container runtime: its CRI plugin is off, or its "
        "version does not fit this Kubernetes",
        fix="Let haui write its configuration again, or install a containerd that fits.",
        command="crictl info; containerd --version; grep disabled_plugins "
        "/etc/containerd/config.toml",
    ),
    Rule(
        id="kubeadm-config",
        pattern=r"is registered for version|strict decoding error|unknown field \""
        r"|unrecognized feature[- ]gate|can not mix '--config'",
        cause="kubeadm does not know a setting, mostly one of advanced.kubeadm or a feature gate "
        "that this version dropped",
        fix="Take the named setting out of advanced, or correct it for this version.",
        command="kubeadm config print init-defaults",
    ),
    Rule(
        id="certificate-name",
        pattern=r"x509: certificate is valid for .{1,400}, not ",
        cause="the API server's certificate does not hold the name or address that is dialled",
        fix="Add it to advanced.kubeadm.ClusterConfiguration.apiServer.certSANs, and renew the "
        "certificate on each control plane.",
        command="openssl x509 -in /etc/kubernetes/pki/apiserver.crt -noout -ext subjectAltName",
    ),
    Rule(
        id="other-cluster",
        pattern=r"x509: certificate signed by unknown authority|trusts the CA of another cluster"
        r"|configured cluster CA .{0,60}doesn't match",
        cause="{endpoint} answers with the certificate of another cluster, or this host still "
        "trusts an older one",
        fix="See that the virtual address belongs to this cluster alone, and that the host was "
        "reset after its last one.",
        command="openssl s_client -connect {endpoint} -showcerts </dev/null | head -n 30",
    ),
    Rule(
        id="admin-rights",
        pattern=r'User "kubernetes-admin" cannot',
        cause="the admin login has no rights yet: kubeadm init ended before it bound them",
        fix="Retry: init goes on where it stopped and binds them.",
    ),
    Rule(
        id="kubelet-unhealthy",
        pattern=r":10248/healthz|kubelet is unhealthy"
        r"|kubelet (?:is not|isn't|did not|does not) .{0,20}(?:running|healthy|start)",
        cause="the kubelet does not start or ends again at once",
        fix="Read its last lines on the host: mostly swap, the cgroup driver or its configuration.",
        command="journalctl -u kubelet --no-pager -n 40",
    ),
)

ENDPOINT = (
    Rule(
        id="vip-taken",
        pattern=r"virtual address in use|[Dd]uplicate address|[Dd]uplicate IP",
        cause="another host has the virtual address {vip} already",
        fix="Choose a free endpoint.vip in the hosts' subnet, or take the address from that host.",
        command="arping -D -c 3 -I INTERFACE {vip}",
    ),
    Rule(
        id="vrid-taken",
        pattern=r"VRID (?:\d{1,3}) not present|bogus VRRP packet|VRRP.{0,60}invalid",
        cause="another keepalived in this network segment uses the same VRRP router id",
        fix="Choose another endpoint.virtual_router_id.",
        command="tcpdump -nn -c 5 -i any 'ip proto 112'",
    ),
    Rule(
        id="keepalived-interface",
        pattern=r"Keepalived.{0,120}(?:unable to load interface|[Ii]nterface .{0,40}doesn't exist)"
        r"|no interface .{0,40}holds|WARNING - interface .{1,40} for vrrp_instance",
        cause="the interface for the virtual address does not exist on this host",
        fix="Say hosts[].interface for this host.",
        command="ip -br address",
    ),
    Rule(
        id="keepalived-config",
        pattern=r"keepalived does not accept|Unknown keyword|script user .{1,60} does not exist"
        r"|[Uu]nsafe permissions found for script",
        cause="keepalived refuses its configuration or its check script",
        fix="See what it says about it, and whether another keepalived.conf was there before.",
        command="keepalived --config-test; journalctl -u keepalived -n 20",
    ),
    Rule(
        id="balancer-bind",
        pattern=r"[Cc]annot bind socket|Cannot assign requested address|bind\(\) to .{1,80} failed",
        cause="the balancer can't take its address or port",
        fix="See what holds the port; for an address that is elsewhere now, set "
        "net.ipv4.ip_nonlocal_bind=1.",
        command="ss -ltnp; ip -br address",
    ),
    Rule(
        id="haproxy-config",
        pattern=r"haproxy does not accept|Fatal errors found in configuration"
        r"|\[ALERT\].{0,200}parsing",
        cause="haproxy refuses its configuration",
        fix="See what it says about it; an older haproxy may not know a word.",
        command="haproxy -c -f /etc/haproxy/haproxy.cfg",
    ),
    Rule(
        id="nginx-stream",
        pattern=r"unknown directive \"stream\"|nginx: \[emerg\]",
        cause="nginx refuses its configuration; without the module stream it can't balance TCP",
        fix="Install libnginx-mod-stream (Debian, Ubuntu) or nginx-mod-stream (RHEL family).",
        command="nginx -t",
    ),
    Rule(
        id="balancer-empty",
        pattern=r"has no server available|no live upstreams|503 Service Unavailable",
        cause="the balancer runs, but finds no API server that answers",
        fix="See whether the API servers run, and whether the balancer may reach their port 6443.",
        command="crictl ps -a --name kube-apiserver; ss -ltn | grep 6443",
        steps=("control_plane", "workers", "verify", "endpoint", "network", "cluster"),
    ),
)

NETWORK = (
    Rule(
        id="cni-missing",
        pattern=r"cni plugin not initialized|NetworkPluginNotReady|CNI plugin \S+ is not on this"
        r"|failed to find plugin",
        cause="the node has no pod network: its CNI plugin is missing or not configured",
        fix="See whether the pods of the network run on this node.",
        command="ls /etc/cni/net.d /opt/cni/bin; kubectl get pods -A -o wide",
    ),
    Rule(
        id="dns-loop",
        pattern=r"plugin/loop: Loop|Loop \(\S{1,80} -> :53\) detected",
        cause="CoreDNS asks itself: the node's resolv.conf names the local stub resolver",
        fix="Set resolvConf to /run/systemd/resolve/resolv.conf in "
        "advanced.kubeadm.KubeletConfiguration.",
        command="ls -l /etc/resolv.conf; cat /etc/resolv.conf",
    ),
    Rule(
        id="pods-unreachable",
        pattern=r"(?:pod|workload|web|Service).{0,120}(?:download timed out|wget: .{0,60}timed out"
        r"|can't connect to remote)",
        cause="pods of different nodes do not reach each other: UDP 8472 or 4789 between the nodes "
        "is dropped, or the MTU is too large",
        fix="Open the pod network's port between all nodes, or set network.cni.mtu.",
        command="ip -d link show type vxlan; nft list ruleset | head -n 50",
    ),
)

GENERAL = (
    Rule(
        id="firewall-reject",
        pattern=r"[Nn]o route to host",
        cause="a firewall on the other host rejects the port (that is how firewalld answers), or "
        "the host is down",
        fix="Open the port that the line names on the other host, or start it.",
        command="firewall-cmd --list-all; ip route",
    ),
    Rule(
        id="endpoint-refused",
        pattern=r"dial tcp \S{1,80}: connect: connection refused|nothing answers at the endpoint"
        r"|The connection to the server \S{1,100} was refused",
        cause="nothing listens behind {endpoint}: the virtual address is on no host, the balancer "
        "does not run, or the API server is down",
        fix="See which host has {vip}, whether keepalived and the balancer run there, and whether "
        "the API server does.",
        command="ip -br address | grep -F {vip}; systemctl status keepalived haproxy; crictl ps -a",
        steps=("control_plane", "workers", "verify", "network", "cluster", "endpoint"),
    ),
    Rule(
        id="endpoint-timeout",
        pattern=r"dial tcp \S{1,80}:\d{2,5}: (?:i/o timeout|connect: connection timed out)"
        r"|awaiting headers",
        cause="packets to {endpoint} vanish: a firewall drops them, or the virtual address can't "
        "move in this network",
        fix="Open the API's port between all hosts, and see whether the network lets one host "
        "answer for another's address (anti-spoofing).",
        command="curl -ksS -m 5 https://{endpoint}/readyz",
    ),
    Rule(
        id="not-ready-in-time",
        pattern=r"timed out waiting for the condition|context deadline exceeded"
        r"|API server .{0,40}does not (?:come up|become ready|come back)",
        cause="the control plane did not become ready in time: a component or the kubelet does not "
        "start",
        fix="Read which container ended and why.",
        command="crictl ps -a; journalctl -u kubelet --no-pager -n 40",
    ),
    Rule(
        id="connection-broke",
        pattern=r"[Cc]onnection reset by peer|unexpected EOF|[Bb]roken pipe|TLS handshake timeout",
        cause="a connection broke half-way: the other side restarted, or something on the way "
        "cuts it",
        fix="Retry; when it stays, look at proxies and firewalls between the two.",
    ),
)

RULES: tuple[Rule, ...] = (
    *ACCESS,
    *SUPPLY[:2],
    *ENDPOINT,
    *ETCD,
    *MACHINE,
    *PACKAGES,
    *SUPPLY[2:],
    *KUBEADM,
    *NETWORK,
    *GENERAL,
)
"""All of them in the order in which they are tried."""

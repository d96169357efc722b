"""ClusterSpec: what the admin asked for, complete and frozen.

This module holds the shape and the field rules, haui.clusterfile.endpoint those of the API's
endpoint, haui.clusterfile.supply those of packages and images; rules between fields are in
haui.clusterfile.rules, loading with line numbers is haui.clusterfile.load. What each field's
description and example say, `haui schema`, the error messages and docs/cluster-file.md repeat.
It is whole, so that the shape of the file can be read here from its top to its bottom.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator

from haui.clusterfile import types as t
from haui.clusterfile.endpoint import Endpoint
from haui.clusterfile.model import FileText, Model, described
from haui.clusterfile.supply import Registry, Supply

Role = Literal["control-plane", "worker", "etcd", "load-balancer", "registry", "storage"]
KubeadmKind = Literal[
    "InitConfiguration",
    "ClusterConfiguration",
    "JoinConfiguration",
    "KubeletConfiguration",
    "KubeProxyConfiguration",
]


class Kubernetes(Model):
    version: t.KubernetesVersion = described(
        "1.36.4", "The full version to install, 1.20.0 or newer, without a leading v.", "1.36.4"
    )

    @property
    def minor(self) -> int:
        return int(self.version.split(".")[1])


class Topology(Model):
    kind: Literal["single", "stacked", "external"] = described(
        "stacked",
        "single: one control plane, not highly available. stacked: 3, 5 or 7 control planes, each "
        "with an etcd member. external: etcd on 3, 5 or 7 hosts of its own.",
        "stacked",
    )


class Cni(Model):
    kind: Literal["flannel", "calico", "cilium", "bridge", "none"] = described(
        "flannel",
        "The pod network. bridge: the reference plugins with static routes between nodes of one "
        "network segment, needs no image. none: you bring your own.",
        "flannel",
    )
    version: t.Release | None = described(
        None, "The version of flannel, calico or cilium; by default the one that haui knows.",
        "0.28.9",
    )  # fmt: skip
    mtu: t.Mtu | None = described(
        None, "The MTU of the pods; by default worked out from the hosts' interface.", 1450
    )
    encapsulation: Literal["always", "across-subnets", "never"] = described(
        "always",
        "Whether packets between pods of two nodes are wrapped in VXLAN. across-subnets: only "
        "where a router is between the nodes. never: the nodes route to each other, by BGP with "
        "calico, in one network segment with flannel and cilium.",
        "always",
    )
    repository: t.ImageRepository | None = described(
        None,
        "Where the images of flannel, calico or cilium are; it stands in for ghcr.io or quay.io. "
        "Mirrors of supply.images.registries need no such change.",
        "hub.lan/mirror",
    )
    manifest: t.Line | None = described(
        None, "For kind none: a manifest of your own that is applied.", "./my-cni.yaml", file=True
    )
    manifest_text: FileText = None


class Network(Model):
    pods: t.Cidr = described(
        "10.244.0.0/16", "The pods' network; each node takes a /24 of it.", "10.60.0.0/16"
    )
    services: t.Cidr = described(
        "10.96.0.0/12", "The Services' network, from /12 to /24.", "10.61.0.0/16"
    )
    dns_domain: t.DnsName = described(
        "cluster.local", "The DNS domain inside of the cluster.", "cluster.local"
    )
    cni: Cni = described(Cni(), "The pod network's implementation.")
    kube_proxy: Literal["iptables", "ipvs", "nftables", "none"] = described(
        "iptables",
        "How Services are implemented. nftables needs Kubernetes 1.31; 1.35 deprecates ipvs.",
        "iptables",
    )


class Ssh(Model):
    user: t.User = described("root", "The login on the hosts.", "ops")
    port: t.Port = described(22, "The port of sshd.", 22)
    key: t.Line | None = described(
        None, "The private key; its passphrase is asked for or HAUI_KEY_PASSPHRASE.",
        "~/.ssh/id_ed25519", file=True,
    )  # fmt: skip
    agent: t.Flag = described(False, "Use the keys of the SSH agent.", True)
    password: t.Flag = described(
        False, "Log in with a password, which is asked for or HAUI_SSH_PASSWORD.", True
    )
    sudo: Literal["auto", "none", "nopasswd", "password"] = described(
        "auto",
        "How to become root. auto: not at all as root, else without a password. password: it is "
        "asked for or HAUI_SUDO_PASSWORD.",
        "password",
    )
    jump: t.Jump | None = described(
        None, "A jump host on the way to all hosts, [user@]host[:port].", "ops@gate.lan"
    )


class HostSsh(Model):
    """What one host says differently from `ssh`."""

    user: t.User | None = described(None, "Another login than ssh.user.", "admin")
    port: t.Port | None = described(None, "Another port than ssh.port.", 2222)
    key: t.Line | None = described(
        None, "Another private key than ssh.key.", "~/.ssh/other", file=True
    )
    address: t.HostAddress | None = described(
        None, "Where to connect, when it is not the host's own address.", "203.0.113.7"
    )


class HostSpec(Model):
    name: t.NodeName = described(..., "The host's name, also the node's.", "cp-a")
    address: t.Address = described(
        ..., "The address by which the other hosts reach it; the node's address.", "10.30.0.11"
    )
    roles: Annotated[tuple[Role, ...], AfterValidator(t.roles)] = described(
        ...,
        "What the host does. A control plane that is also a worker takes ordinary pods.",
        ["control-plane"],
    )
    labels: dict[t.LabelKey, t.LabelValue] = described({}, "Labels of the node.", {"rack": "r1"})
    ssh: HostSsh = described(HostSsh(), "What this host says differently from ssh.")
    interface: t.Interface | None = described(
        None, "The interface for this host; by default the one that holds its address.", "ens3"
    )
    site: t.DnsLabel | None = described(
        None,
        "Where it stands. haproxy on a load-balancer host brings connections to the control planes "
        "of its own site, and to the others only when none of these is ready.",
        "north",
    )
    fingerprint: t.Fingerprint | None = described(
        None,
        "The host key's fingerprint as ssh-keygen -l prints it. Another key is refused.",
        "SHA256:9fTzQ3mWq1V5c7Jv0o2Yb8n4Xr6kLhG1dEwSaPuCiRM",
    )


class Advanced(Model):
    kubeadm: dict[KubeadmKind, t.FreeData] = described(
        {},
        "Merged into the kubeadm documents that haui writes, by their kind.",
        {"ClusterConfiguration": {"apiServer": {"certSANs": ["kube.example.org"]}}},
    )
    ignore_preflight_errors: tuple[t.CheckName, ...] = described(
        (), "kubeadm checks that may fail.", ["SystemVerification"]
    )
    skip_phases: tuple[t.PhaseName, ...] = described(
        (), "kubeadm phases that are left out.", ["addon/coredns"]
    )
    containerd: t.TomlData = described(
        {}, "Merged into the table of containerd's CRI plugin.", {"disable_apparmor": True}
    )


class Preflight(Model):
    overrides: dict[t.CheckRef, t.Reason] = described(
        {},
        "Findings that would block and are let pass: the check's id, perhaps with @ and a host, "
        "and the reason. It is written into the journal with who ran haui.",
        {"sizes.memory@cp-a": "a test machine, replaced in May"},
    )
    rehearsals: t.Flag = described(
        True,
        "Whether preflight may also try things out, for a few seconds and without a trace: listen "
        "on the ports that will be used, and time writes to etcd's disk.",
        True,
    )


class System(Model):
    """How haui treats the hosts' own settings."""

    firewall: Literal["open", "keep"] = described(
        "open",
        "What becomes of an active firewalld or ufw. open: what the host's roles need is let in, "
        "from the hosts that need it. keep: nothing is changed, preflight says what to open. It "
        "is never switched off.",
        "open",
    )
    selinux: Literal["keep", "permissive"] = described(
        "keep",
        "What becomes of SELinux where it is on. keep: it stays as it is, and haui switches on "
        "what its services need. permissive: it says what it would deny and denies nothing.",
        "keep",
    )


class ClusterSpec(Model):
    format: Literal["haui/1"] = described("haui/1", "The format of this file.", "haui/1")
    name: t.DnsLabel = described(..., "The cluster's name.", "atlas")
    profile: Literal["test", "production"] = described(
        "production", "Which minimum host sizes the preflight asks for.", "production"
    )
    kubernetes: Kubernetes = described(Kubernetes(), "What is installed.")
    topology: Topology = described(Topology(), "Where etcd, the cluster's memory, lives.")
    endpoint: Endpoint = described(
        ...,
        "The one address of the API, for nodes and clients.",
        {"kind": "keepalived-haproxy", "name": "api.atlas.lan", "vip": "10.30.0.10", "port": 8443},
    )
    network: Network = described(Network(), "Pods, Services and names inside of the cluster.")
    supply: Supply = described(Supply(), "Where packages and images come from.")
    registry: Registry = described(
        Registry(),
        "The image registry on the hosts with the role registry. Its login is "
        "supply.images.username.",
    )
    ssh: Ssh = described(
        Ssh(), "How to log in to all hosts. Passwords are asked for, they never stand here."
    )
    hosts: tuple[HostSpec, ...] = described(
        ...,
        "The machines and what they do.",
        [{"name": "cp-a", "address": "10.30.0.11", "roles": ["control-plane"]}],
    )
    system: System = described(System(), "How the hosts' own settings are treated.")
    preflight: Preflight = described(Preflight(), "How the hosts are looked at before the install.")
    advanced: Advanced = described(
        Advanced(), "Additions to what haui writes, for needs that it has no question for."
    )

    def having(self, role: Role) -> tuple[HostSpec, ...]:
        """The hosts with that role, in file order."""
        return tuple(host for host in self.hosts if role in host.roles)

    @property
    def control_planes(self) -> tuple[HostSpec, ...]:
        return self.having("control-plane")

    @property
    def workers(self) -> tuple[HostSpec, ...]:
        """Hosts that are workers and nothing of the control plane."""
        return tuple(h for h in self.having("worker") if "control-plane" not in h.roles)

    @property
    def nodes(self) -> tuple[HostSpec, ...]:
        """Every host that becomes a Kubernetes node."""
        return self.control_planes + self.workers

    @property
    def first_control_plane(self) -> HostSpec:
        return self.control_planes[0]

    @property
    def balancers(self) -> tuple[HostSpec, ...]:
        """The hosts where haui sets up a proxy, with keepalived unless the endpoint is external.

        Empty for kube-vip, and for an external balancer that brings clients straight to the API
        servers.
        """
        if self.has_own_balancers:
            return self.having("load-balancer")
        return self.control_planes if self.has_keepalived else ()

    @property
    def has_own_balancers(self) -> bool:
        """Whether the balancers are hosts of their own."""
        return self.endpoint.placement == "load-balancer" and self.endpoint.kind != "kube-vip"

    @property
    def has_keepalived(self) -> bool:
        """Whether the balancers hold a virtual address among themselves."""
        return self.endpoint.kind in ("keepalived-haproxy", "keepalived-nginx")

    @property
    def endpoint_address(self) -> str | None:
        """The address behind the endpoint's name: the VIP, the only control plane's, or None.

        None means that DNS has to know the name (a balancer of the admin's own).
        """
        if self.endpoint.vip is None and self.topology.kind == "single":
            return self.first_control_plane.address
        return self.endpoint.vip

    def host(self, name: str) -> HostSpec:
        return next(host for host in self.hosts if host.name == name)

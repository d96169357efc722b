"""ClusterSpec: what the admin asked for, complete and frozen.

This module holds the shape and the field rules; rules between fields are in haui.clusterfile.rules,
loading with line numbers is haui.clusterfile.load. Every field's description and example is what
`haui schema`, the error messages and docs/cluster-file.md say about it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from haui.clusterfile import types as t

Role = Literal["control-plane", "worker", "etcd", "load-balancer", "registry", "storage"]
KubeadmKind = Literal[
    "InitConfiguration",
    "ClusterConfiguration",
    "JoinConfiguration",
    "KubeletConfiguration",
    "KubeProxyConfiguration",
]
FileText = Annotated[str | None, SkipJsonSchema(), Field(default=None, exclude=True, repr=False)]
"""The text of a file that the cluster file names: read on loading, never written into it."""


def _field(
    default: Any = ..., description: str = "", example: object = None, *, file: bool = False
) -> Any:
    """A documented field; `file` marks a path on this machine, relative to the cluster file."""
    return Field(
        default,
        description=description,
        examples=None if example is None else [example],
        json_schema_extra={"x-haui-file": True} if file else None,
    )


class Model(BaseModel):
    """Base: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kubernetes(Model):
    version: t.KubernetesVersion = _field(
        "1.36.4", "The full version to install, 1.20.0 or newer, without a leading v.", "1.36.4"
    )

    @property
    def minor(self) -> int:
        return int(self.version.split(".")[1])


class Topology(Model):
    kind: Literal["single", "stacked", "external"] = _field(
        "stacked",
        "single: one control plane, not highly available. stacked: 3, 5 or 7 control planes, each "
        "with an etcd member. external: etcd on 3, 5 or 7 hosts of its own.",
        "stacked",
    )


class BgpPeer(Model):
    """A router that the control planes announce the virtual address to."""

    address: t.Address = _field(
        ..., "The router's address, as the control planes reach it.", "10.30.0.1"
    )
    asn: t.Asn = _field(..., "The router's AS number.", 65001)
    multihop: t.Flag = _field(
        False, "The router is more than one hop away from the control planes.", False
    )


class Bgp(Model):
    """How kube-vip announces the virtual address; sessions with a password are not supported."""

    asn: t.Asn = _field(
        65000,
        "The control planes' own AS number. The same as a peer's means iBGP, another one eBGP.",
        65000,
    )
    peers: tuple[BgpPeer, ...] = _field(
        (),
        "The routers, at least one. Each control plane opens a session to each of them.",
        [{"address": "10.30.0.1", "asn": 65001}],
    )
    router_interface: t.Interface | None = _field(
        None,
        "The interface whose IPv4 address is a control plane's router id; by default its own "
        "address is. Needed where that is IPv6.",
        "ens3",
    )
    source_interface: t.Interface | None = _field(
        None,
        "The interface whose address the sessions come from; by default what the route to the peer "
        "says.",
        "ens3",
    )


class Endpoint(Model):
    kind: Literal["kube-vip", "keepalived-haproxy", "keepalived-nginx", "external"] = _field(
        ...,
        "Who brings the clients to a living API server. external: a balancer that exists already.",
        "keepalived-haproxy",
    )
    name: t.DnsName = _field(
        ...,
        "The name under which all nodes and clients reach the API; haui keeps it in /etc/hosts "
        "of the nodes. It goes into the certificates, so choose it to last.",
        "api.atlas.lan",
    )
    vip: t.Address | None = _field(
        None,
        "The virtual address: free, in the hosts' subnet (with mode bgp: anywhere that the routers "
        "may learn). Needed by every kind but external, where it may say the balancer's address.",
        "10.30.0.10",
    )
    port: t.Port = _field(
        6443,
        "The port of the API at the endpoint. Balancers on the control-plane hosts need another "
        "one than 6443, which the API server itself holds; with kube-vip it is 6443, since that "
        "brings nothing but the address.",
        8443,
    )
    placement: Literal["control-plane", "load-balancer"] = _field(
        "control-plane",
        "Which hosts carry keepalived and the proxy: the control planes, or hosts with the role "
        "load-balancer. With kind external, load-balancer sets up haproxy on those hosts, for a "
        "balancer that stands in front of them and holds the address.",
        "control-plane",
    )
    interface: t.Interface | None = _field(
        None,
        "The interface that carries the virtual address; by default the one that holds the host's "
        "address (with mode bgp: lo). hosts[].interface says it for one host.",
        "ens3",
    )
    mode: Literal["arp", "bgp"] = _field(
        "arp",
        "For kube-vip: who learns where the virtual address is. arp: the network segment, from the "
        "one control plane that leads. bgp: routers, from every control plane that is healthy.",
        "arp",
    )
    bgp: Bgp = _field(Bgp(), "For mode bgp: the own AS number and the routers.")
    virtual_router_id: t.RouterId | None = _field(
        None,
        "The VRRP router id, unique in the network segment; by default the last number of the "
        "virtual address.",
        10,
    )


class Cni(Model):
    kind: Literal["flannel", "calico", "cilium", "bridge", "none"] = _field(
        "flannel",
        "The pod network. bridge: the reference plugins with static routes between nodes of one "
        "network segment, needs no image. none: you bring your own.",
        "flannel",
    )
    version: t.Release | None = _field(
        None, "The version of flannel, calico or cilium; by default the one that haui knows.",
        "0.28.9",
    )  # fmt: skip
    mtu: t.Mtu | None = _field(
        None, "The MTU of the pods; by default worked out from the hosts' interface.", 1450
    )
    encapsulation: Literal["always", "across-subnets", "never"] = _field(
        "always",
        "Whether packets between pods of two nodes are wrapped in VXLAN. across-subnets: only "
        "where a router is between the nodes. never: the nodes route to each other, by BGP with "
        "calico, in one network segment with flannel and cilium.",
        "always",
    )
    repository: t.ImageRepository | None = _field(
        None,
        "Where the images of flannel, calico or cilium are; it stands in for ghcr.io or quay.io. "
        "Mirrors of supply.images.registries need no such change.",
        "hub.lan/mirror",
    )
    manifest: t.Line | None = _field(
        None, "For kind none: a manifest of your own that is applied.", "./my-cni.yaml", file=True
    )
    manifest_text: FileText = None


class Network(Model):
    pods: t.Cidr = _field(
        "10.244.0.0/16", "The pods' network; each node takes a /24 of it.", "10.60.0.0/16"
    )
    services: t.Cidr = _field(
        "10.96.0.0/12", "The Services' network, from /12 to /24.", "10.61.0.0/16"
    )
    dns_domain: t.DnsName = _field(
        "cluster.local", "The DNS domain inside of the cluster.", "cluster.local"
    )
    cni: Cni = _field(Cni(), "The pod network's implementation.")
    kube_proxy: Literal["iptables", "ipvs", "nftables", "none"] = _field(
        "iptables",
        "How Services are implemented. nftables needs Kubernetes 1.31; 1.35 deprecates ipvs.",
        "iptables",
    )


class Packages(Model):
    mirror: t.Url | None = _field(
        None,
        "A flat apt repository with the Kubernetes packages, for hosts of the RHEL family a dnf "
        "repository (repodata/); one URL may be both. By default pkgs.k8s.io.",
        "http://mirror.lan/haui",
    )
    key: t.Line | None = _field(
        None, "The mirror's public key, an armored PGP file.", "./mirror.asc", file=True
    )
    unsigned: t.Flag = _field(
        False, "Trust the mirror without a signature. Only for a network you control.", False
    )
    key_text: FileText = None


class Images(Model):
    repository: t.ImageRepository | None = _field(
        None,
        "Where the Kubernetes images are, for kubeadm's imageRepository; by default the version's "
        "own.",
        "hub.lan/k8s",
    )
    registries: dict[t.Registry, t.Url] = _field(
        {},
        "Mirrors: upstream registry and the URL that serves its images.",
        {"registry.k8s.io": "https://hub.lan/k8s"},
    )
    ca: t.Line | None = _field(
        None, "The certificate authority of those registries, a PEM file.", "./hub-ca.pem",
        file=True,
    )  # fmt: skip
    username: t.RegistryUser | None = _field(
        None, "The registry login; its password is asked for or HAUI_REGISTRY_PASSWORD.", "puller"
    )
    verify_image: t.Image | None = _field(
        None,
        "The image of the verification's workload, with sh, wget, httpd and nslookup.",
        "hub.lan/tools/busybox:1.36",
    )
    ca_pem: FileText = None


class Proxy(Model):
    http: t.Url | None = _field(
        None, "The proxy for http, without a login.", "http://proxy.lan:3128"
    )
    https: t.Url | None = _field(
        None, "The proxy for https, without a login.", "http://proxy.lan:3128"
    )
    no_proxy: tuple[t.NoProxy, ...] = _field(
        (),
        "What is reached directly. haui adds the hosts, the endpoint, the pods and the Services.",
        [".lan"],
    )


class Supply(Model):
    packages: Packages = _field(Packages(), "Where packages come from.")
    images: Images = _field(Images(), "Where images come from.")
    proxy: Proxy = _field(Proxy(), "The HTTP proxy of the hosts.")


class Registry(Model):
    """The image registry that haui sets up on the hosts with the role registry."""

    port: t.Port = _field(
        5000, "Where it listens, with TLS; haui makes its CA, which all nodes trust.", 5000
    )
    storage: t.HostPath = _field(
        "/var/lib/haui-registry", "The folder on the registry host that holds the images.",
        "/srv/registry",
    )  # fmt: skip
    archive: t.HostPath | None = _field(
        None,
        "Images that haui pushes into it: a path on the registry host of an OCI layout (folder or "
        "tar, as `ctr images export` makes it) or a docker-archive. Without it you push them.",
        "/srv/bundle/images.tar",
    )
    program: t.Program | None = _field(
        None,
        "The program of distribution, where no package is used: its path on the registry host, or "
        "a URL that it is fetched from. By default Debian's and Ubuntu's package docker-registry.",
        "/usr/local/bin/registry",
    )
    sha256: t.Sha256 | None = _field(
        None,
        "The program's checksum; needed where it is fetched.",
        "1f5c1f1bd1d8ec2f1c9c3a6bd54f9f3f6a1e6d3fdc5bcb4d0b5f3a6a8c1e7d20",
    )
    serves: tuple[t.Registry, ...] = _field(
        ("registry.k8s.io", "ghcr.io", "quay.io", "docker.io"),
        "The upstream registries whose images the nodes ask this one for instead, below their "
        "names: registry.k8s.io/pause:3.10 is its registry.k8s.io/pause:3.10. What "
        "supply.images.registries says of an upstream wins.",
        ["registry.k8s.io", "ghcr.io"],
    )


class Ssh(Model):
    user: t.User = _field("root", "The login on the hosts.", "ops")
    port: t.Port = _field(22, "The port of sshd.", 22)
    key: t.Line | None = _field(
        None, "The private key; its passphrase is asked for or HAUI_KEY_PASSPHRASE.",
        "~/.ssh/id_ed25519", file=True,
    )  # fmt: skip
    agent: t.Flag = _field(False, "Use the keys of the SSH agent.", True)
    password: t.Flag = _field(
        False, "Log in with a password, which is asked for or HAUI_SSH_PASSWORD.", True
    )
    sudo: Literal["auto", "none", "nopasswd", "password"] = _field(
        "auto",
        "How to become root. auto: not at all as root, else without a password. password: it is "
        "asked for or HAUI_SUDO_PASSWORD.",
        "password",
    )
    jump: t.Jump | None = _field(
        None, "A jump host on the way to all hosts, [user@]host[:port].", "ops@gate.lan"
    )


class HostSsh(Model):
    """What one host says differently from `ssh`."""

    user: t.User | None = _field(None, "Another login than ssh.user.", "admin")
    port: t.Port | None = _field(None, "Another port than ssh.port.", 2222)
    key: t.Line | None = _field(
        None, "Another private key than ssh.key.", "~/.ssh/other", file=True
    )
    address: t.HostAddress | None = _field(
        None, "Where to connect, when it is not the host's own address.", "203.0.113.7"
    )


class HostSpec(Model):
    name: t.NodeName = _field(..., "The host's name, also the node's.", "cp-a")
    address: t.Address = _field(
        ..., "The address by which the other hosts reach it; the node's address.", "10.30.0.11"
    )
    roles: Annotated[tuple[Role, ...], AfterValidator(t.roles)] = _field(
        ...,
        "What the host does. A control plane that is also a worker takes ordinary pods.",
        ["control-plane"],
    )
    labels: dict[t.LabelKey, t.LabelValue] = _field({}, "Labels of the node.", {"rack": "r1"})
    ssh: HostSsh = _field(HostSsh(), "What this host says differently from ssh.")
    interface: t.Interface | None = _field(
        None, "The interface for this host; by default the one that holds its address.", "ens3"
    )
    site: t.DnsLabel | None = _field(
        None,
        "Where it stands. haproxy on a load-balancer host brings connections to the control planes "
        "of its own site, and to the others only when none of these is ready.",
        "north",
    )
    fingerprint: t.Fingerprint | None = _field(
        None,
        "The host key's fingerprint as ssh-keygen -l prints it. Another key is refused.",
        "SHA256:9fTzQ3mWq1V5c7Jv0o2Yb8n4Xr6kLhG1dEwSaPuCiRM",
    )


class Advanced(Model):
    kubeadm: dict[KubeadmKind, t.FreeData] = _field(
        {},
        "Merged into the kubeadm documents that haui writes, by their kind.",
        {"ClusterConfiguration": {"apiServer": {"certSANs": ["kube.example.org"]}}},
    )
    ignore_preflight_errors: tuple[t.CheckName, ...] = _field(
        (), "kubeadm checks that may fail.", ["SystemVerification"]
    )
    skip_phases: tuple[t.PhaseName, ...] = _field(
        (), "kubeadm phases that are left out.", ["addon/coredns"]
    )
    containerd: t.TomlData = _field(
        {}, "Merged into the table of containerd's CRI plugin.", {"disable_apparmor": True}
    )


class Preflight(Model):
    overrides: dict[t.CheckRef, t.Reason] = _field(
        {},
        "Findings that would block and are let pass: the check's id, perhaps with @ and a host, "
        "and the reason. It is written into the journal with who ran haui.",
        {"sizes.memory@cp-a": "a test machine, replaced in May"},
    )
    rehearsals: t.Flag = _field(
        True,
        "Whether preflight may also try things out, for a few seconds and without a trace: listen "
        "on the ports that will be used, and time writes to etcd's disk.",
        True,
    )


class System(Model):
    """How haui treats the hosts' own settings."""

    firewall: Literal["open", "keep"] = _field(
        "open",
        "What becomes of an active firewalld or ufw. open: what the host's roles need is let in, "
        "from the hosts that need it. keep: nothing is changed, preflight says what to open. It "
        "is never switched off.",
        "open",
    )
    selinux: Literal["keep", "permissive"] = _field(
        "keep",
        "What becomes of SELinux where it is on. keep: it stays as it is, and haui switches on "
        "what its services need. permissive: it says what it would deny and denies nothing.",
        "keep",
    )


class ClusterSpec(Model):
    format: Literal["haui/1"] = _field("haui/1", "The format of this file.", "haui/1")
    name: t.DnsLabel = _field(..., "The cluster's name.", "atlas")
    profile: Literal["test", "production"] = _field(
        "production", "Which minimum host sizes the preflight asks for.", "production"
    )
    kubernetes: Kubernetes = _field(Kubernetes(), "What is installed.")
    topology: Topology = _field(Topology(), "Where etcd, the cluster's memory, lives.")
    endpoint: Endpoint = _field(
        ...,
        "The one address of the API, for nodes and clients.",
        {"kind": "keepalived-haproxy", "name": "api.atlas.lan", "vip": "10.30.0.10", "port": 8443},
    )
    network: Network = _field(Network(), "Pods, Services and names inside of the cluster.")
    supply: Supply = _field(Supply(), "Where packages and images come from.")
    registry: Registry = _field(
        Registry(),
        "The image registry on the hosts with the role registry. Its login is "
        "supply.images.username.",
    )
    ssh: Ssh = _field(
        Ssh(), "How to log in to all hosts. Passwords are asked for, they never stand here."
    )
    hosts: tuple[HostSpec, ...] = _field(
        ...,
        "The machines and what they do.",
        [{"name": "cp-a", "address": "10.30.0.11", "roles": ["control-plane"]}],
    )
    system: System = _field(System(), "How the hosts' own settings are treated.")
    preflight: Preflight = _field(Preflight(), "How the hosts are looked at before the install.")
    advanced: Advanced = _field(
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
        if self.endpoint.placement == "load-balancer" and self.endpoint.kind != "kube-vip":
            return self.having("load-balancer")
        return self.control_planes if self.has_keepalived else ()

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

"""ClusterSpec: what the admin asked for, complete and frozen.

This module holds the shape and the field rules. Loading with line numbers is haui.specfile.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["control-plane", "worker", "etcd", "load-balancer", "registry", "storage"]


class Model(BaseModel):
    """Base: frozen, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kubernetes(Model):
    version: str = "1.36.4"

    @property
    def minor(self) -> int:
        return int(self.version.split(".")[1])


class Topology(Model):
    kind: Literal["single", "stacked", "external"] = "stacked"


class Endpoint(Model):
    kind: Literal["kube-vip", "keepalived-haproxy", "keepalived-nginx", "external"]
    name: str
    vip: str | None = None
    port: int = 6443
    placement: Literal["control-plane", "load-balancer"] = "control-plane"
    interface: str | None = None  # None: the interface that holds the host's address
    virtual_router_id: int | None = None  # None: derived from the VIP's last octet


class Cni(Model):
    kind: Literal["flannel", "calico", "cilium", "bridge", "none"] = "flannel"
    version: str | None = None
    mtu: int | None = None
    manifest: str | None = None  # for kind none: a manifest of the admin's own


class Network(Model):
    pods: str = "10.244.0.0/16"
    services: str = "10.96.0.0/12"
    dns_domain: str = "cluster.local"
    cni: Cni = Cni()
    kube_proxy: Literal["iptables", "ipvs", "nftables", "none"] = "iptables"


class Packages(Model):
    mirror: str | None = None  # flat apt repository of the Kubernetes packages
    key: str | None = None  # path of its armored public key; text in `key_text` after loading
    unsigned: bool = False


class Images(Model):
    repository: str | None = None  # kubeadm's imageRepository; None: the version's default
    registries: dict[str, str] = Field(default_factory=dict)  # upstream registry -> mirror URL
    ca: str | None = None  # path of a PEM file
    username: str | None = None
    verify_image: str | None = None  # image with sh, wget, httpd, nslookup for the verification


class Proxy(Model):
    http: str | None = None
    https: str | None = None
    no_proxy: tuple[str, ...] = ()


class Supply(Model):
    packages: Packages = Packages()
    images: Images = Images()
    proxy: Proxy = Proxy()


class Ssh(Model):
    user: str = "root"
    port: int = 22
    key: str | None = None
    agent: bool = False
    password: bool = False  # whether to log in with a password (asked for, or HAUI_SSH_PASSWORD)
    sudo: Literal["auto", "none", "nopasswd", "password"] = "auto"
    jump: str | None = None  # [user@]host[:port]


class HostSsh(Model):
    """What one host says differently from `ssh`."""

    user: str | None = None
    port: int | None = None
    key: str | None = None
    address: str | None = None  # where to connect, when not `address`


class HostSpec(Model):
    name: str
    address: str
    roles: tuple[Role, ...]
    labels: dict[str, str] = Field(default_factory=dict)
    ssh: HostSsh = HostSsh()
    interface: str | None = None
    fingerprint: str | None = None  # SHA256:… of the host key, pinned in the file


class Advanced(Model):
    kubeadm: dict[str, dict[str, Any]] = Field(default_factory=dict)  # document kind -> deep merge
    ignore_preflight_errors: tuple[str, ...] = ()
    skip_phases: tuple[str, ...] = ()
    containerd: dict[str, Any] = Field(default_factory=dict)  # merged into the CRI plugin's table


class ClusterSpec(Model):
    format: Literal["haui/1"] = "haui/1"
    name: str
    profile: Literal["test", "production"] = "production"
    kubernetes: Kubernetes = Kubernetes()
    topology: Topology = Topology()
    endpoint: Endpoint
    network: Network = Network()
    supply: Supply = Supply()
    ssh: Ssh = Ssh()
    hosts: tuple[HostSpec, ...]
    advanced: Advanced = Advanced()

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
        """The hosts where haui sets up keepalived and a proxy; empty for kube-vip and external."""
        if self.endpoint.kind not in ("keepalived-haproxy", "keepalived-nginx"):
            return ()
        if self.endpoint.placement == "load-balancer":
            return self.having("load-balancer")
        return self.control_planes

    def host(self, name: str) -> HostSpec:
        return next(host for host in self.hosts if host.name == name)

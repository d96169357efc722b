"""The operating system as Kubernetes needs it: swap, kernel modules and settings, names, time."""

from __future__ import annotations

from haui.host import File
from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from steps import osfamily
from steps.where import carriers, everywhere, is_node

MODULES_LIST = "/etc/modules-load.d/haui-kubernetes.conf"
SYSCTL_FILE = "/etc/sysctl.d/zz-haui-kubernetes.conf"
"""Sorts after the distribution's and after hardening kits' 99-*.conf: the last file wins."""

SET_BY_OTHERS = (
    # The kubelet, unless it is told to protect the kernel's defaults.
    "vm.overcommit_memory", "vm.panic_on_oom", "kernel.panic", "kernel.panic_on_oops",
    "kernel.keys.root_maxkeys", "kernel.keys.root_maxbytes",
    # kube-proxy.
    "net.ipv4.conf.all.route_localnet", "net.netfilter.nf_conntrack_max",
    "net.netfilter.nf_conntrack_tcp_timeout_established",
    "net.netfilter.nf_conntrack_tcp_timeout_close_wait", "net.ipv4.conf.all.arp_ignore",
    "net.ipv4.conf.all.arp_announce", "net.ipv4.vs.conntrack", "net.ipv4.vs.conn_reuse_mode",
    "net.ipv4.vs.expire_nodest_conn", "net.ipv4.vs.expire_quiescent_template",
    # Pod networks; the masters of ip_forward change the settings of every interface with it.
    "net.ipv4.conf.all.rp_filter", "net.ipv4.conf.default.rp_filter",
    "net.ipv4.conf.all.forwarding", "net.ipv6.conf.all.forwarding",
    "net.ipv6.conf.all.disable_ipv6",
)  # fmt: skip
"""What a node's services set by themselves, once they run: noted before, for a reset."""


def modules(spec: ClusterSpec) -> tuple[str, ...]:
    """The kernel modules that the nodes need."""
    names = ["overlay", "br_netfilter", "nf_conntrack"]
    if spec.network.kube_proxy == "ipvs":
        names += ["ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_sh"]
    return tuple(names)


def sysctls(spec: ClusterSpec) -> dict[str, str]:
    """The kernel settings of the nodes. The kubelet itself sets those about memory and panics."""
    settings = {
        "net.ipv4.ip_forward": "1",
        "net.bridge.bridge-nf-call-iptables": "1",
        "net.bridge.bridge-nf-call-ip6tables": "1",
        "fs.inotify.max_user_instances": "8192",
    }
    if any(":" in cidr for cidr in (spec.network.pods, spec.network.services)):
        settings["net.ipv6.conf.all.forwarding"] = "1"
    return settings


def peers_of(spec: ClusterSpec, host: HostSpec) -> tuple[str, ...]:
    """The other hosts that may hold the virtual address; empty on a host that may not."""
    hosts = carriers(spec)
    return tuple(other.address for other in hosts if other.name != host.name and host in hosts)


def hosts_block(spec: ClusterSpec) -> str:
    """The managed block of /etc/hosts with its markers: every host, then the endpoint."""
    lines = [f"{host.address} {host.name}" for host in spec.hosts]
    if spec.endpoint_address:
        lines.append(f"{spec.endpoint_address} {spec.endpoint.name}")
    return "\n".join(["# BEGIN haui", *lines, "# END haui"]) + "\n"


def _needs_no_swap(spec: ClusterSpec, host: HostSpec) -> bool:
    kubelet = spec.advanced.kubeadm.get("KubeletConfiguration", {})
    return is_node(spec, host) and kubelet.get("failSwapOn") is not False


def _swap(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work(probe=Call(script="system_swap_probe"), apply=Call(script="system_swap_apply"))


def _modules(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {"HAUI_MODULES": " ".join(modules(spec)), "HAUI_LIST": MODULES_LIST}
    return Work(
        probe=Call(script="system_modules_probe", env=env),
        apply=Call(script="system_modules_apply", env=env),
        # It may have to install the rest of a kernel's modules.
        files=osfamily.REDHAT.proxy_files(spec),
    )


def _sysctl(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    settings = sysctls(spec)
    text = "# Written by haui; changes are lost when it runs again.\n" + "".join(
        f"{name} = {value}\n" for name, value in settings.items()
    )
    pairs = " ".join(f"{name}={value}" for name, value in settings.items())
    return Work(
        probe=Call(script="system_sysctl_probe", env={"HAUI_SYSCTLS": pairs}),
        apply=Call(
            script="system_sysctl_apply",
            env={"HAUI_FILE": SYSCTL_FILE, "HAUI_SET_BY_OTHERS": " ".join(SET_BY_OTHERS)},
        ),
        files=(File(path=SYSCTL_FILE, content=text.encode()),),
    )


def _hosts(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    inputs = {"hosts": hosts_block(spec).encode()}
    env = {
        "HAUI_ENDPOINT_NAME": spec.endpoint.name,
        "HAUI_ENDPOINT_VIP": spec.endpoint.vip or "",
    }
    return Work(
        probe=Call(script="system_hosts_probe", env=env, inputs=inputs),
        apply=Call(script="system_hosts_apply", inputs=inputs),
    )


def _makes_permissive(spec: ClusterSpec, host: HostSpec) -> bool:
    return spec.system.selinux == "permissive"


def _selinux(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work(
        probe=Call(script="system_selinux_probe"), apply=Call(script="system_selinux_apply")
    )


def _time(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {"HAUI_PROFILE": spec.profile}
    return Work(
        probe=Call(script="system_time_probe", env=env),
        apply=Call(script="system_time_apply"),
        # It may have to install chrony.
        files=osfamily.proxy_files(spec),
    )


STEPS = (
    Step(
        id="system.swap",
        title="Turn swap off",
        phase="system",
        on=_needs_no_swap,
        work=_swap,
        timeout_s=900,
        disruptive="What is swapped out has to fit into memory.",
        explain="The kubelet does not start while swap is on. Swap is turned off now, in "
        "/etc/fstab (the lines become comments), for swap partitions that systemd finds by "
        "itself, and for compressed swap (zram).",
    ),
    Step(
        id="system.modules",
        title="Load kernel modules",
        phase="system",
        on=is_node,
        work=_modules,
        timeout_s=900,
        explain="Containers need overlay file systems; Services need bridged packets to pass "
        "the packet filter (br_netfilter) and connection tracking. Where the RHEL family keeps "
        "modules in a package of their own, that is installed.",
    ),
    Step(
        id="system.sysctl",
        title="Set kernel parameters",
        phase="system",
        on=is_node,
        work=_sysctl,
        timeout_s=60,
        explain="Nodes forward packets of pods and let the packet filter see bridged ones. Log "
        "readers and kubelets need more inotify instances than the default of 128.",
    ),
    Step(
        id="system.selinux",
        title="Make SELinux permissive",
        phase="system",
        on=_makes_permissive,
        work=_selinux,
        timeout_s=120,
        explain="Asked for in the cluster file. Where SELinux is on it goes on to label files and "
        "to say what it would deny, and denies nothing any more, also after a boot.",
    ),
    Step(
        id="system.hosts",
        title="Name the hosts in /etc/hosts",
        phase="system",
        on=everywhere,
        work=_hosts,
        timeout_s=60,
        explain="The nodes and the API endpoint are found by name without any DNS. Only the "
        "block between the haui markers is managed.",
    ),
    Step(
        id="system.time",
        title="Check the clock",
        phase="system",
        on=everywhere,
        work=_time,
        timeout_s=900,
        explain="Certificates are valid from a moment on and etcd counts time. chrony is installed "
        "only where no time service is active; in a test cluster this is only said.",
    ),
)

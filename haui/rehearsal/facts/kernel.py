"""What a healthy host tells of itself: kernel."""

from __future__ import annotations

from collections.abc import Iterator

from haui.spec import ClusterSpec, HostSpec

RELEASE = "6.1.0-41-amd64"
LOADED = ("overlay", "br_netfilter", "nf_conntrack")
LOADABLE = (
    "ip_vs", "ip_vs_rr", "ip_vs_wrr", "ip_vs_sh", "vxlan", "nf_tables", "nft_compat", "nft_ct",
    "nft_nat", "nft_masq", "nft_numgen", "ip_tables", "iptable_nat", "ip6_tables", "ip6table_nat",
    "xt_comment", "xt_conntrack", "xt_mark", "xt_statistic", "xt_nat", "xt_addrtype", "xt_set",
    "ip_set", "rbd",
)  # fmt: skip
SETTINGS = {
    "net.ipv4.ip_forward": "1",
    "net.ipv4.conf.all.forwarding": "1",
    "net.bridge.bridge-nf-call-iptables": "1",
    "net.bridge.bridge-nf-call-ip6tables": "1",
    "net.ipv6.conf.all.forwarding": "1",
    "net.ipv6.conf.all.disable_ipv6": "0",
    "fs.inotify.max_user_instances": "8192",
    "fs.inotify.max_user_watches": "524288",
    "fs.file-max": "9223372036854775807",
    "net.netfilter.nf_conntrack_max": "262144",
}


def facts(spec: ClusterSpec, host: HostSpec) -> Iterator[tuple[str, str]]:
    """Key and value, as facts_kernel of steps/scripts prints them."""
    yield "kernel.release", RELEASE
    yield "kernel.installed", RELEASE
    yield "kernel.modules", "yes"
    for name in LOADED:
        yield "module", f"{name} works"
    for name in LOADABLE:
        yield "module", f"{name} loadable"
    yield "reboot.required", "no"
    yield "cgroup", "v2"
    yield "cgroup.controllers", "cpuset cpu io memory hugetlb pids rdma misc"
    yield "root.propagation", "shared"
    yield "lockdown", "none"
    yield "secureboot", "no"
    for name, value in SETTINGS.items():
        yield "sysctl", f"{name} {value}"
    for interface in ("all", "default", "lo", host.interface or "ens3"):
        # As systemd sets it: all interfaces but the setting for all.
        yield "rp_filter", f"{interface} {0 if interface == 'all' else 2}"
        yield "arp_ignore", f"{interface} 0"

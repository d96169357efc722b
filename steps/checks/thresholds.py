"""Every number that a check compares with, in one table, with where it comes from."""

from __future__ import annotations

Size = tuple[int, int, int]
"""Processors, MB of memory, GB of disk."""

MINIMUM: dict[str, dict[str, Size]] = {
    "test": {
        "load-balancer": (1, 512, 5),
        "control-plane": (2, 4096, 20),
        "worker": (4, 8192, 20),
        "etcd": (1, 1024, 15),
        "registry": (1, 1024, 15),
        "storage": (4, 8192, 20),
    },
    "production": {
        "load-balancer": (4, 8192, 40),
        "control-plane": (8, 16384, 40),
        "worker": (8, 16384, 40),
        "etcd": (4, 8192, 40),
        "registry": (4, 8192, 1000),
        "storage": (16, 32768, 600),
    },
}
"""The smallest host by profile and role."""

OS_SHARE = (0.5, 512)
"""Counted only once when a test host has several roles: processors, MB of memory."""

KUBEADM_FLOOR = (2, 1700)
"""What kubeadm's own checks NumCPU and Mem demand of a control plane: processors, MB."""

# --- sizes and disks ---

NOMINAL = 0.9
"""The part of a nominal size that has to be seen: firmware, kernel, partitions take the rest."""

BALLOON_MB = 256
"""Less memory taken back by the hypervisor than this is only its bookkeeping."""

EVICTION_FREE_PERCENT = {"/var/lib/kubelet": 10, "/var/lib/containerd": 15}
"""The kubelet evicts pods at less (its defaults nodefs.available and imagefs.available)."""

EVICTION_INODES_PERCENT = 5
"""The kubelet evicts pods at less (its defaults nodefs.inodesFree and imagefs.inodesFree)."""

INODES_FREE_PERCENT = 10
INODES_FREE = 200_000
"""The latter where images and volumes are: an image of an application has up to some 50 000."""

ROOM_MB = {
    "/": 300,
    "/etc": 20,
    "/usr": 400,
    "/var": 400,
    "/var/lib/containerd": 2500,
    "/var/lib/kubelet": 300,
    "/var/lib/etcd": 500,
    "/var/lib/haui": 50,
    "/var/log": 100,
    "/tmp": 50,
    "/run": 20,
}
"""MB that an install itself needs, with a reserve: packages, unpacked images of Kubernetes, and
etcd's two preallocated log files of 64 MB with more for its data."""

ROOM_HELD_MB = 500
"""The same for /var/lib/containerd of a host whose images are there already."""

ETCD_QUOTA_MB = 2048
"""etcd's default quota; the external etcd of haui has one of its own."""
ETCD_EXTERNAL_QUOTA_MB = 8192
ETCD_QUOTAS = 2
ETCD_SNAPSHOTS_MB = 3 * 1024
"""Free for etcd: twice its quota (defragmenting copies the database), and three snapshots."""

FSYNC_MS = (10.0, 50.0, 150.0)
"""p99 of etcd's log writes. etcd advises 10; at 50 leaders begin to change under load; 150 is more
than its heartbeat of 100 ms can bear."""

FSYNC_AVERAGE_MS = (5.0, 25.0, 75.0)
"""The same for an average, where percentiles can not be had: half, since p99 is well above it."""

# What the hosts are compared by (fleet).

NAMES_SHOWN = 4
"""So many hosts are named in one line of evidence; the others are counted."""

VALUES_SHOWN = 3
"""So many different values are told of a fleet that does not agree."""

CLOCK_WORTH_A_LOOK_S = 0.5
"""Clocks may differ so much unnoticed; NTP keeps them within some milliseconds."""

CLOCK_ETCD_S = 2.0
"""etcd warns from one second on, leases and leader elections of Kubernetes last 15: with more than
this between control planes or members of etcd, no cluster is begun."""

CLOCK_ANY_S = 5.0
"""No host of a cluster may be so far off: tokens and certificates are made on one host and used on
another at once. The bastion, which checks certificates, is held against the same number."""

CLOCK_BLUR_S = 2.0
"""A clock that could only be read to more than this, since the host answered slowly, is not
judged."""

FREE_BLOCKS = (
    "10.128.0.0/9", "10.0.0.0/9", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
)  # fmt: skip
"""Where a free network for pods and Services is looked for: RFC 1918, then RFC 6598."""

KEPT_BLOCKS = ("172.17.0.0/16", "192.168.122.0/24", "198.18.0.0/15")
"""Never suggested: docker's and libvirt's own defaults, and the range of measurements."""

DEFAULT_ROUTE_BITS = {4: 1, 6: 3}
"""Routes up to this length are another way to say "everything" (0.0.0.0/1, 2000::/3)."""

# --- how haui gets in (steps.checks.access) ---

SSHD_SESSIONS = 8
"""MaxSessions: five workers that join at once ask the first control plane, beside its own task
and a look at it. OpenSSH's default is 10."""

SSHD_STARTUPS = 3
"""The first number of MaxStartups: haui's connection, yours, and one more. OpenSSH's is 10."""

SSHD_PATIENCE_S = 15
"""As long as haui itself waits for a host's sign of life (`haui.transport.login`)."""

SUDO_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
"""Where Debian's sudo looks by default."""

TERMINAL = (80, 24)
"""Columns and lines that the pages of the wizard are made for."""

STATE_MB = 256
"""Free in the state folder: a journal and the logs of a hundred hosts."""

STATE_ROOMY_MB = 2048
"""The same with room for several clusters."""

MANAGERS = frozenset(
    (
        "puppet.service", "puppet-agent.service", "salt-minion.service", "chef-client.service",
        "chef-client.timer", "cinc-client.service", "cinc-client.timer", "cfengine3.service",
        "cf-execd.service", "rudder-agent.service", "ansible-pull.timer",
    )
)  # fmt: skip
"""The units of configuration management that the collector asks about."""

# --- rehearsals between hosts (steps.checks.reach) ---

LISTENER_S = 300
"""How long listeners stay at most: the slowest host's turn to listen, and everybody's to dial."""

LISTENER_GRACE_S = 15
"""How long listeners stay when haui's connection has ended: it may have been lost, and be dialled
again within 7 s (`BRIEF_PAUSES_S`)."""

UDP_TRIES, UDP_GOOD = 5, 4
"""Datagrams to each host, and how many must come back: one may be lost."""

PINGS = 50
"""With that many, one lost packet is 2 percent."""

LATENCY_OK_MS = 10.0
"""Round trip between members of etcd, on average. etcd's tuning guide: the heartbeat, 100 ms by
default, is to be about the round trip; 10 ms leaves room for the disk and for bursts."""

LATENCY_BAD_MS = 100.0
"""At etcd's default heartbeat every round trip is late."""

LOSS_BAD_PERCENT = 2.0
"""More lost packets than that make elections; fewer are worth a look."""

OVERLAY_BYTES = {4: 50, 6: 70}
"""What VXLAN adds to a packet: outer addresses 20 or 40, UDP 8, VXLAN 8, the inner Ethernet 14."""

VRRP_LISTEN_S = 6
"""A virtual router speaks every second by default; some are set to 5."""

ROUTER_IDS = 255
"""VRRP's router id is one byte; 0 is reserved."""

PAIRS_SHOWN = 4
"""That many pairs of hosts stand in a finding; of others the count."""

# The system and the kernel.

OLDEST_OS: dict[str, float] = {"debian": 11, "ubuntu": 20.04}
"""The oldest releases whose publisher still mends them (in the free or the extended term)."""

ENTERPRISE = (9, 10)
"""The releases of RHEL and its relatives that haui's package names are of."""

ENTERPRISE_OLDEST = 8
"""The first of them with dnf."""

HOSTNAME_CHARS = 63
"""RFC 1123: the longest label of a name. Linux itself stops at 64."""

BOOTING_S = 300
"""Jobs of a first boot may still be at work: seconds since the boot."""

LOAD_PER_CPU = 1.0
"""More work than processors, for a quarter of an hour."""

STEAL_PERCENT = 10.0
"""What other machines take of the processors, on average since the boot, before etcd feels it."""

SERVICE_FILES = 65536
"""Open files of a service: containerd and the kubelet hold a few for each container. systemd's own
limit is 524288."""

SERVICE_TASKS = 512
"""Tasks of a service: a busy kubelet has some hundred threads. systemd gives 15 % of what the
kernel allows."""

KERNEL_OLDEST = (4, 18)
"""Older ones lack what today's container runtimes use; 4.18 is that of RHEL 8."""

KERNEL_GOOD = (5, 4)
"""From here on all that Kubernetes asks of a kernel by default is there."""

KERNEL_NFTABLES = (5, 13)
"""What kube-proxy's mode nftables demands."""

KERNEL_POD_NETWORKS = {"calico": ((5, 10), "Calico"), "cilium": ((5, 10), "Cilium")}
"""What these demand, but for the kernel of RHEL 8 (4.18), which has what they use."""

CGROUP_V1_REFUSED = 35
"""From this minor on the kubelet does not start with cgroup v1 by default (failCgroupV1)."""

INOTIFY_WATCHES = (8193, 524288)
"""fs.inotify.max_user_watches: more than the default of kernels before 5.11, and what many pods
that follow files take. Newer kernels choose by the size of the memory."""

OPEN_FILES = 1_000_000
"""fs.file-max, which counts all files of the host. systemd raises it as far as it goes."""

CONNTRACK_MAX = 131072
"""net.netfilter.nf_conntrack_max of balancers: kube-proxy's own lower bound for a node."""

# Network, names, ports, clock, what is left of another Kubernetes: one host.

LINK_MBIT = 1000
"""A slower link under etcd, image pulls and storage is felt; the reference list's gigabit."""

LOOKUP_S = 1.0
"""A name that takes longer: the first name server is dead or far, and every lookup waits."""

NAME_SERVERS = 3
"""What glibc and the kubelet take of resolv.conf (MAXNS); more are left out."""

SEARCH_OLD = (6, 256)
"""Search domains and their characters that the kubelet takes before 1.26."""

SEARCH = (32, 2048)
"""The same from 1.26 on (MaxDNSSearchPaths, MaxDNSSearchListChars)."""

SEARCH_MINOR = 26

CONTAINERD_OLDEST: tuple[int, int] = (1, 6)
"""From Kubernetes 1.26 on, which speaks only CRI v1."""

CONTAINERD_MINOR = 26

CONTAINERD_2_MINOR = 23
"""containerd 2 no longer speaks the CRI v1alpha2 of Kubernetes up to 1.22."""

# Packages and images (steps.checks.supply, packages, images).

LISTS_FRESH_H = 14 * 24
"""Hours: what older package lists do not name may have come since; haui refreshes them."""

LOCK_WAIT_S = 300
"""How long the install waits for another package manager: scripts/osfamily_debian.sh.

That is apt; dnf waits by itself, within the time limit of the step."""

NAME_MS = 1000
"""A name that takes longer to look up: one name server of several is dead, most likely."""

TOOL_FLOORS: dict[str, tuple[int, ...]] = {"keepalived": (2, 0), "haproxy": (2, 0)}
"""The oldest releases that our configuration is written for."""

CONTAINERD_16_MINOR = 26
"""From this minor on the kubelet speaks CRI v1 only, which containerd has since 1.6."""

CONTAINERD_1_MINOR = 22
"""Up to this minor the kubelet speaks CRI v1alpha2 only, which containerd 2.0 has dropped."""

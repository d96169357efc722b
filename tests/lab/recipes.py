"""What the cache holds: the recipes, from the hosts' root file system to the images."""

from __future__ import annotations

from pathlib import Path

from tests.lab.cache import Artefact, Cache

KUBERNETES_VERSION = "1.20.2"

#: What a sane server has before anybody thinks of Kubernetes. containerd, runc, haproxy,
#: keepalived, etcd and CNI plugins are left out: putting them on is the product's work.
BASE_PACKAGES = (
    "systemd systemd-sysv systemd-timesyncd dbus libpam-systemd openssh-server sudo iproute2 "
    "iptables nftables ebtables ethtool socat conntrack kmod procps iputils-ping iputils-arping "
    "curl ca-certificates python3-minimal e2fsprogs gpg gpgv less netcat-openbsd psmisc lsof "
    "tcpdump logrotate cron vim-tiny bash-completion"
)

#: What the operating system's own repository offers to the hosts in the lab.
OS_PACKAGES = (
    "containerd runc haproxy keepalived containernetworking-plugins etcd-client etcd-server chrony "
    "nginx-light libnginx-mod-stream ipvsadm ipset jq docker-registry nfs-common open-iscsi "
    "busybox conntrack socat ebtables ethtool apt-transport-https gnupg psmisc rsync"
)

MACHINE_RUNS_WITH = (
    *("debootstrap", "systemd-container", "dpkg-dev", "apt-utils", "gpg", "gpg-agent", "openssl"),
    *("apache2-utils", "iproute2", "openssh-client", "util-linux", "busybox-static"),
)
MACHINE_BUILDS_WITH = (
    *("golang-go", "golang-github-modern-go-reflect2-dev", "gcc", "libc6-dev", "make", "rsync"),
    "debian-archive-keyring",
)


def cache(root: Path) -> Cache:
    """The lab's cache with all its recipes."""
    version = {"VERSION": KUBERNETES_VERSION}
    return Cache(
        root,
        [
            Artefact(
                "rootfs",
                "rootfs.sh",
                {"PACKAGES": BASE_PACKAGES},
                helpers=("scripts/lab-host-setup.sh", "scripts/lab-host-setup.service"),
            ),
            Artefact("kubernetes", "kubernetes.sh", version),
            Artefact("signing-key", "signing-key.sh"),
            Artefact(
                "os-packages",
                "os-packages.sh",
                {"PACKAGES": OS_PACKAGES},
                needs=("rootfs", "signing-key"),
                helpers=("scripts/repository.bash",),
            ),
            Artefact(
                "kubernetes-packages",
                "kubernetes-packages.sh",
                needs=("kubernetes", "os-packages", "signing-key"),
                helpers=("scripts/repository.bash", "scripts/crictl.sh"),
                extra=("bin", "debs"),
            ),
            Artefact(
                "images",
                "images.sh",
                version,
                needs=("rootfs", "kubernetes", "os-packages"),
                helpers=("images.py", "registry_client.py"),
                extra=("images",),
                offline=True,
            ),
        ],
    )


def has_coredns(cache: Cache) -> bool:
    """Whether a contributor has brought a CoreDNS image; Debian has none."""
    return any("coredns" in file.name for file in cache.extra("images"))


def version(cache: Cache) -> str:
    """Of Kubernetes, as its packages are built."""
    return (cache.path("kubernetes-packages") / "version").read_text().strip()

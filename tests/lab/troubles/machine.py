"""Troubles of the machine itself: disks, swap, names, kernel, units."""

from __future__ import annotations

from tests.lab.troubles.model import FAKE, PLANES, Trouble, fake, no_unit, unit

ARCH = "/proc/sys/kernel/arch"

TROUBLES: tuple[Trouble, ...] = (
    Trouble(
        name="swap in fstab",
        make="echo '/swapfile none swap sw 0 0' >>/etc/fstab",
        check="disks.swap",
        verdict="warning",
        seen="/swapfile",
        mend="sed -i '/swapfile/d' /etc/fstab",
    ),
    Trouble(
        name="zram unit",
        make=unit("zramswap.service") + "; systemctl enable -q zramswap.service",
        check="disks.swap",
        verdict="warning",
        seen="zram",
        mend=no_unit("zramswap.service"),
    ),
    Trouble(
        name="full /var/log",
        make="mount -t tmpfs -o size=600m tmpfs /var/log && head -c 599m /dev/zero >/var/log/full",
        check="disks.room",
        seen="/var/log",
        mend="umount /var/log",
        undo="umount /var/log 2>/dev/null",
        also=("disks.size", "disks.inodes"),
    ),
    Trouble(
        name="no inodes left",
        make="mount -t tmpfs -o size=4g,nr_inodes=50 tmpfs /var/log; "
        "i=0; while touch /var/log/$i 2>/dev/null; do i=$((i+1)); done; true",
        check="disks.inodes",
        seen="/var/log",
        mend="umount /var/log",
        undo="umount /var/log 2>/dev/null",
        also=("disks.size", "disks.room"),
    ),
    Trouble(
        name="read-only /etc",
        make="mount --bind /etc /etc && mount -o remount,ro,bind /etc",
        check="disks.read-only",
        seen="/etc",
        undo="umount /etc 2>/dev/null",
    ),
    Trouble(
        name="noexec /tmp",
        make="mount -o remount,noexec /tmp",
        check="disks.exec",
        verdict="info",
        seen="/tmp",
        mend="mount -o remount,exec /tmp",
        undo="mount -o remount,exec /tmp",
    ),
    Trouble(
        name="noexec containerd",
        make="mount --bind /var/lib/containerd /var/lib/containerd && "
        "mount -o remount,noexec,bind /var/lib/containerd",
        check="disks.exec",
        verdict="warning",
        seen="/var/lib/containerd",
        undo="umount /var/lib/containerd 2>/dev/null",
    ),
    Trouble(
        name="data of an old etcd",
        make="mkdir -p /var/lib/etcd/member/wal && touch /var/lib/etcd/member/wal/0.wal",
        check="disks.etcd-data",
        seen="member",
        undo="rm -rf /var/lib/etcd*",
        hosts=PLANES,
    ),
    Trouble(
        name="duplicate hostname",
        make="hostname wk1",
        check="fleet.hostname",
        seen="wk1",
        hosts=("wk4", "wk3"),
        undo='hostname "$(cat /etc/hostname)"; hostnamectl set-hostname "$(hostname)"',
        mend='hostname "$(cat /etc/hostname)"',
        spread=("fleet.hostname",),
        also=("network.own-name", "system.hostname", "ssh.clean"),
    ),
    Trouble(
        name="invalid hostname",
        make="echo Node_One >/proc/sys/kernel/hostname",
        check="system.hostname",
        seen="Node_One",
        undo='hostname "$(cat /etc/hostname)"',
        also=("network.own-name", "ssh.clean"),
    ),
    Trouble(
        name="duplicate machine-id",
        twin="cat /etc/machine-id",
        make="cp /etc/machine-id /root/machine-id; cat >/etc/machine-id",
        check="fleet.machine-id",
        seen="",
        mend="cat /root/machine-id >/etc/machine-id; rm /root/machine-id",
        spread=("fleet.machine-id",),
        undo="test ! -e /root/machine-id || cat /root/machine-id >/etc/machine-id",
    ),
    Trouble(
        name="unknown distribution",
        make="printf 'ID=arch\\nPRETTY_NAME=\"Arch Linux\"\\n' >/root/os;"
        " mount --bind /root/os /etc/os-release",
        check="system.os",
        seen="Arch Linux",
        mend="umount /etc/os-release; rm /root/os",
        undo="umount /etc/os-release 2>/dev/null",
        spread=("fleet.distribution",),
    ),
    Trouble(
        name="wrong architecture",
        # The kernel's own file since Linux 6.1, before that what uname says.
        make=fake("uname", '/usr/bin/uname "$@" | sed s/x86_64/riscv64/')
        + f"; echo riscv64 >/root/arch; [ ! -e {ARCH} ] || mount --bind /root/arch {ARCH}",
        check="system.arch",
        seen="riscv64",
        mend=f"rm {FAKE}/uname /root/arch; [ ! -e {ARCH} ] || umount {ARCH}",
        undo=f"rm -f {FAKE}/uname /root/arch; umount {ARCH} 2>/dev/null",
        spread=("fleet.arch",),
        also=("system.cpu-level", "supply.arch"),
    ),
    Trouble(
        name="masked unit",
        make="systemctl mask -q containerd.service",
        check="system.masked",
        seen="containerd",
        undo="systemctl unmask -q containerd.service",
    ),
    Trouble(
        name="reboot pending",
        make="touch /run/reboot-required",
        check="kernel.reboot",
        verdict="warning",
        seen="reboot",
        mend="rm /run/reboot-required",
    ),
    Trouble(
        name="hardening that turns routing off",
        make="echo net.ipv4.ip_forward=0 >/etc/sysctl.d/zzz-hardening.conf",
        check="kernel.settings-files",
        seen="zzz-hardening",
        undo="rm -f /etc/sysctl.d/zzz-hardening.conf*",
    ),
)

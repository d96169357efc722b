#!/usr/bin/env bash
# Makes the root file system that every host of the lab stacks its own changes on.
# In:  PACKAGES (what a plain server has), SCRIPTS, WORK, OUT.   Out: $OUT/root
set -euo pipefail

mirror=http://deb.debian.org/debian
debootstrap --variant=minbase --include="${PACKAGES// /,}" bookworm "$OUT/root" "$mirror"

root=$OUT/root
# Nothing that must differ between hosts may be shared: each host gets its own at boot.
rm -f "$root"/etc/ssh/ssh_host_*_key* "$root/etc/machine-id" "$root/var/lib/dbus/machine-id"
: >"$root/etc/machine-id"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
rm -f "$root/etc/hostname" "$root/etc/resolv.conf"

# These units speak to hardware or to a kernel log that containers share; a server here is none the worse.
for unit in systemd-udev-trigger.service systemd-udevd.service sys-kernel-debug.mount sys-kernel-tracing.mount \
    getty@tty1.service console-getty.service systemd-journald-audit.socket e2scrub_reap.service; do
    ln -sf /dev/null "$root/etc/systemd/system/$unit"
done
chroot "$root" systemctl enable ssh.service
chroot "$root" systemctl set-default multi-user.target

# A container that ignores its stop signal should not make a reboot last the usual 90 seconds.
mkdir -p "$root/etc/systemd/system.conf.d"
printf '[Manager]\nDefaultTimeoutStopSec=10s\n' >"$root/etc/systemd/system.conf.d/lab.conf"

install -m 0755 "$SCRIPTS/lab-host-setup.sh" "$root/usr/local/sbin/lab-host-setup"
install -m 0644 "$SCRIPTS/lab-host-setup.service" "$root/etc/systemd/system/lab-host-setup.service"
chroot "$root" systemctl enable lab-host-setup.service

chroot "$root" useradd --create-home --shell /bin/bash ops

#!/usr/bin/env bash
# Collects what the lab's stand-in for the operating system's repository offers: the named packages and
# everything they need that the base root file system lacks. Asked of apt inside that very root.
# In:  PACKAGES, FROM_ROOTFS, FROM_SIGNING_KEY, SCRIPTS, WORK, OUT.   Out: $OUT/repository
set -euo pipefail
# shellcheck source=tests/lab/scripts/repository.bash
. "$SCRIPTS/repository.bash"

mirror=http://deb.debian.org
mkdir -p "$WORK/upper" "$WORK/work" "$WORK/root"
mount -t overlay overlay -o "lowerdir=$FROM_ROOTFS/root,upperdir=$WORK/upper,workdir=$WORK/work" "$WORK/root"
cp -L /etc/resolv.conf "$WORK/root/etc/resolv.conf"
cp -L /etc/hosts "$WORK/root/etc/hosts"
cat >"$WORK/root/etc/apt/sources.list" <<SOURCES
deb $mirror/debian bookworm main
deb $mirror/debian bookworm-updates main
deb $mirror/debian-security bookworm-security main
SOURCES
chroot "$WORK/root" apt-get -o APT::Sandbox::User=root update
read -ra wanted <<<"$PACKAGES"
chroot "$WORK/root" apt-get -o APT::Sandbox::User=root -o APT::Keep-Downloaded-Packages=true \
    install --yes --download-only --no-install-recommends "${wanted[@]}"

mkdir -p "$OUT/repository/pool"
mv "$WORK"/root/var/cache/apt/archives/*.deb "$OUT/repository/pool/"
umount "$WORK/root"
index_repository "$OUT/repository" Debian

#!/usr/bin/env bash
# Fills the storage of the lab's image registry: the images that kubeadm asks for, made from the built
# programs and the operating system's packages, and the docker-archive files in EXTRA/images.
# In:  VERSION, FROM_ROOTFS, FROM_KUBERNETES, FROM_OS_PACKAGES, EXTRA, PYTHON, REPOSITORY, WORK, OUT.
# Out: $OUT/storage, $OUT/docker-registry
set -euo pipefail

export ROOT=$WORK/root PORT=5000
mkdir -p "$WORK/upper" "$WORK/work" "$ROOT" "$OUT/storage"
mount -t overlay overlay -o "lowerdir=$FROM_ROOTFS/root,upperdir=$WORK/upper,workdir=$WORK/work" "$ROOT"
pool=$FROM_OS_PACKAGES/repository/pool
for name in etcd-server etcd-client docker-registry ipset libipset13 busybox; do
    dpkg-deb --fsys-tarfile "$pool/${name}"_*.deb | tar -x -C "$ROOT" --keep-directory-symlink
done
install -m 0755 "$ROOT/usr/bin/docker-registry" "$OUT/docker-registry"

cat >"$WORK/registry.yml" <<CONFIG
version: 0.1
log: {level: error, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: $OUT/storage}}
http: {addr: "127.0.0.1:$PORT"}
CONFIG
ip link set lo up
"$OUT/docker-registry" serve "$WORK/registry.yml" &
registry=$!
for _ in $(seq 100); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; then break; fi
    sleep 0.1
done
cd "$REPOSITORY"
"$PYTHON" -m tests.lab.images
kill "$registry"
wait "$registry" || true
umount "$ROOT"

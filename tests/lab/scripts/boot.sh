#!/usr/bin/env bash
# Becomes one lab host. Runs in a mount namespace of its own, so that its mounts end with it.
# In:  NAME, FOLDER (the host's disk), LOWER (shared root file system), NETNS, CGROUPS (folders to enter).
set -euo pipefail

for group in $CGROUPS; do
    echo $$ >"$group/cgroup.procs"
done
# What nspawn leaves behind on the machine, it leaves here.
mkdir -p /run/systemd/nspawn
mount -t tmpfs tmpfs /run/systemd/nspawn
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$FOLDER/upper,workdir=$FOLDER/work" "$FOLDER/root"

# Without this /proc/sys is read-only in the host, and sysctl fails.
export SYSTEMD_NSPAWN_API_VFS_WRITABLE=yes
reboot=133
status=$reboot
while [[ $status -eq $reboot ]]; do
    status=0
    systemd-nspawn --quiet --keep-unit --register=no --boot --directory="$FOLDER/root" \
        --machine="$NAME" --hostname="$NAME" --network-namespace-path="$NETNS" \
        --capability=all --system-call-filter="@keyring bpf add_key keyctl" \
        --resolv-conf=off --timezone=off --link-journal=no --console=pipe --bind=/dev/kmsg \
        --bind="$FOLDER/data/containerd:/var/lib/containerd" \
        --bind="$FOLDER/data/kubelet:/var/lib/kubelet" || status=$?
done
exit "$status"

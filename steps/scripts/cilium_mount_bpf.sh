# shellcheck shell=sh
# Runs in a privileged container whose mounts reach the host: the file system of eBPF programs at $BPF_ROOT,
# where systemd has not mounted it already.
set -eu

while read -r _ where kind _; do
    if [ "$where" = "$BPF_ROOT" ] && [ "$kind" = bpf ]; then
        exit 0
    fi
done </proc/mounts
mount -t bpf bpf "$BPF_ROOT"

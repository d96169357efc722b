#!/bin/sh
# At every boot of a lab host: what a hypervisor and a network card would have done on a real machine.
# The network namespace outlives a reboot, so what the last boot left in it is cleared first.
set -eu

for controller in pids cpu blkio devices freezer cpuacct memory cpuset; do
    if mountpoint -q "/sys/fs/cgroup/$controller"; then
        mount -o remount,rw,nosuid,nodev,noexec,bind "/sys/fs/cgroup/$controller"
    fi
done

# shellcheck disable=SC1091
. /etc/lab-host.env
ip -o link show | awk -F': ' '{print $2}' | sed 's/@.*//' | while read -r link; do
    case $link in
        lo | eth0) ;;
        *) ip link delete "$link" 2>/dev/null || true ;;
    esac
done
nft flush ruleset || true
ip address flush dev eth0
ip link set lo up
ip link set eth0 up
ip address add "$ADDRESS/$PREFIX_LENGTH" dev eth0
ip route replace default via "$GATEWAY"

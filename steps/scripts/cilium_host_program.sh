# shellcheck shell=sh
# Runs in a container of Cilium's image: one of its programs ($PROGRAM, with $ARGUMENT) on the host itself,
# in the host's mounts. The program has to be in a folder that host and container share ($BIN_PATH there,
# /hostbin here) while it runs.
set -eu

host=/hostproc/1/ns
install -m 0755 "/usr/bin/$PROGRAM" "/hostbin/$PROGRAM"
status=0
nsenter --cgroup="$host/cgroup" --mount="$host/mnt" "$BIN_PATH/$PROGRAM" ${ARGUMENT:+"$ARGUMENT"} || status=$?
rm -f "/hostbin/$PROGRAM"
exit "$status"

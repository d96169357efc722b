#!/usr/bin/env bash
# Becomes one of the bastion's servers: in its network, and in the lab's control groups.
# In:  NETNS, CGROUPS, and the command as arguments.
set -euo pipefail

for group in $CGROUPS; do
    echo $$ >"$group/cgroup.procs"
done
exec nsenter --net="$NETNS" -- "$@"

# shellcheck shell=sh
# haui: include facts_lib
# How fast the disk under etcd is: a rehearsal. Writes as etcd's log does, 2300 bytes and then fdatasync, at most 22 MiB
# and for 10 seconds, in a hidden folder that is removed however this ends; one that an earlier try has left goes, too.
#   fsync.path         the folder in which was written
#   fsync.writes       how many
#   fsync.average.ms   what one took on average
#   fsync.p99.ms       what 99 of 100 took at most; without python3 there is no such fact
#   fsync.longest.ms   what the slowest took; likewise
#   fsync.stalled      seconds in which not even what was begun came to its end
#   fsync.skipped      why nothing was tried, in words

ROOT=${HAUI_ROOT:-}
SECONDS_MAX=${HAUI_SECONDS:-10} # set by tests
WRITES_MAX=10000                # of 2300 bytes: 22 MiB
ROOM_MB=100

# folder: where etcd's data will be. In /var/lib when that is the same file system, since kubeadm wants an empty
# /var/lib/etcd, even if this should be killed.
folder() {
    above=$ROOT/var/lib
    while [ ! -d "$above" ] && [ "$above" != "$ROOT" ]; do above=${above%/*}; done
    if [ -d "$ROOT/var/lib/etcd" ] && [ "$(bounded 5 stat -L -c %d "$ROOT/var/lib/etcd")" != "$(bounded 5 stat -L -c %d "$above")" ]; then
        above=$ROOT/var/lib/etcd
    fi
    printf '%s' "${above:-/}"
}

# shellcheck disable=SC2329  # called by the traps
clean() {
    [ -z "$child" ] || kill "$child" 2>/dev/null
    [ -z "$scratch" ] || rm -rf "$scratch"
}

# run COMMAND…: in the background, since a shell that waits for a program in the foreground hears of no signal before
# that has ended.
run() {
    "$@" </dev/null &
    child=$!
    wait "$child"
    ran=$?
    child=
    return "$ran"
}

skip() {
    fact fsync.skipped "$1"
    facts_end
    exit 0
}

etcd_runs() {
    for name in "$ROOT"/proc/[0-9]*/comm; do
        comm=
        { read -r comm <"$name"; } 2>/dev/null || :
        [ "$comm" != etcd ] || return 0
    done
    return 1
}

# by_python: prints the facts after the last write.
by_python() {
    run timeout -k 2 $((SECONDS_MAX + 10)) python3 -I -c '
import os, sys, time
path, seconds, count = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
data = b"\0" * 2300
file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
try:
    os.posix_fallocate(file, 0, len(data) * count)
except OSError:
    pass
os.fsync(file)
took = []
began = last = time.monotonic()
while len(took) < count and last - began < seconds:
    os.write(file, data)
    os.fdatasync(file)
    now = time.monotonic()
    took.append((now - last) * 1000)
    last = now
took.sort()
print("fsync.writes\t%d" % len(took))
print("fsync.average.ms\t%.3f" % (sum(took) / len(took)))
print("fsync.p99.ms\t%.3f" % took[min(len(took) - 1, len(took) * 99 // 100)])
print("fsync.longest.ms\t%.3f" % took[-1])
' "$scratch/data" "$SECONDS_MAX" "$WRITES_MAX" 2>/dev/null
}

# by_dd: when its time is over, dd is asked how many it has made, and then killed.
by_dd() {
    fallocate -l $((WRITES_MAX * 2300)) "$scratch/data" 2>/dev/null
    run timeout -s USR1 -k 2 "$SECONDS_MAX" dd if=/dev/zero of="$scratch/data" bs=2300 count="$WRITES_MAX" \
        conv=notrunc oflag=dsync 2>"$scratch/said"
    LC_ALL=C awk -v status="$ran" -v seconds="$SECONDS_MAX" '
        / records out$/ { split($1, count, "+"); writes = count[1] + count[2] }
        / copied, / { for (i = 2; i <= NF; i++) if ($i == "s,") took = $(i - 1) }
        END {
            if (writes > 0 && took > 0) printf "fsync.writes\t%d\nfsync.average.ms\t%.3f\n", writes, 1000 * took / writes
            else if (status == 124 || status == 137) printf "fsync.stalled\t%d\n", seconds
        }
    ' "$scratch/said"
}

scratch=
child=
trap clean EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 141' PIPE
trap 'exit 143' TERM

into=$(folder)
rm -rf "$ROOT"/var/lib/.haui-fsync.* "$ROOT"/var/lib/etcd/.haui-fsync.* "${into%/}"/.haui-fsync.*
if etcd_runs; then
    skip "etcd runs here already, so its disk was left alone; its metric etcd_disk_wal_fsync_duration_seconds tells"
fi
free=$(bounded 5 df -Pm "$into" | awk 'NR == 2 { print $4 }')
case $free in
    '' | *[!0-9]*) skip "the file system of $into did not say how much is free" ;;
esac
[ "$free" -ge "$ROOM_MB" ] || skip "only $free MB are free in $into, and $ROOM_MB MB are wanted for timing writes"
scratch=$(bounded 5 mktemp -d "${into%/}/.haui-fsync.XXXXXXXX") || {
    scratch=
    skip "nothing can be written to $into"
}
printf 'fsync.path\t%s\n' "$into"
if have python3; then by_python; else false; fi
case $? in
    0) ;;
    124 | 137) printf 'fsync.stalled\t%s\n' $((SECONDS_MAX + 10)) ;;
    *) by_dd ;;
esac
rm -rf "$scratch"
facts_end
exit 0

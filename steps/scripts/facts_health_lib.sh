# shellcheck shell=sh
# Facts: how the host is doing: load, complaints of the kernel, limits of services. What stands in /proc/stat, meminfo and
# cmdline is read by facts_system_files, the limits by facts_manager (facts_system_lib).
#   uptime           seconds since the boot
#   load             the load averages of 1, 5 and 15 minutes
#   cpu.steal        percent of the processors' time since the boot that other machines took
#   kernel.log       read, or unreadable
#   kernel.trouble   rows "KIND COUNT LAST LINE", KIND being oom, io, hung or hardware
#   limit.files      how many files a service may have open (hard limit), or infinity
#   limit.tasks      how many tasks a service may have, or infinity
#   hugepages        rows "COUNT KB", reserved huge pages and the size of one
#   numa             number of NUMA nodes
#   isolcpus         processors that the scheduler leaves out

ROOT=${HAUI_ROOT:-}

facts_health() {
    haui_line=
    [ ! -r "$ROOT/proc/uptime" ] || read -r haui_line _ <"$ROOT/proc/uptime" || :
    [ -z "$haui_line" ] || fact uptime "$haui_line"
    haui_line=
    [ ! -r "$ROOT/proc/loadavg" ] || read -r haui_line haui_five haui_fifteen _ <"$ROOT/proc/loadavg" || :
    [ -z "$haui_line" ] || fact load "$haui_line $haui_five $haui_fifteen"
    set -- "$ROOT"/sys/devices/system/node/node[0-9]*
    [ ! -e "$1" ] || fact numa $#
    facts_kernel_log
}

# Containers that hit their own limit ("Memory cgroup out of memory") are no trouble of the host; empty drives always
# complain.
facts_kernel_log() {
    dmesg 2>/dev/null </dev/null | LC_ALL=C awk '
        function note(kind) { count[kind]++; last[kind] = $0 }
        /Out of memory: Kill/ { note("oom"); next }
        /dev (fd|sr|loop)[0-9]/ { next }
        /I\/O error|[Rr]emounting filesystem read-only|EXT4-fs error|XFS \([^)]*\): .*([Cc]orruption|[Ee]rror)|critical (medium|target) error/ { note("io"); next }
        /blocked for more than [0-9]+ seconds|soft lockup/ { note("hung"); next }
        /\[Hardware Error\]|Machine [Cc]heck:|Uncorrected error/ { note("hardware"); next }
        END {
            print "kernel.log\t" (NR ? "read" : "unreadable")
            for (kind in count) {
                gsub(/[\001-\037]/, " ", last[kind])
                print "kernel.trouble\t" kind " " count[kind] " " substr(last[kind], 1, 300)
            }
        }'
}

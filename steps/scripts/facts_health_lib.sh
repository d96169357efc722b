# shellcheck shell=sh
# Facts: how the host is doing: load, complaints of the kernel, limits of services.
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
    # user nice system idle iowait irq softirq steal; guest time is in user already.
    LC_ALL=C awk '$1 == "cpu" && NF >= 9 {
        for (i = 2; i <= 9; i++) sum += $i
        if (sum > 0) printf "cpu.steal\t%.1f\n", $9 * 100 / sum
        exit
    }' "$ROOT/proc/stat" 2>/dev/null
    facts_kernel_log
    facts_limits
    facts_layout
}

# Containers that hit their own limit ("Memory cgroup out of memory") are no trouble of the host; empty drives always
# complain.
facts_kernel_log() {
    bounded 5 dmesg | LC_ALL=C awk '
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

facts_limits() {
    bounded 5 systemctl show -p DefaultLimitNOFILE -p DefaultTasksMax | LC_ALL=C awk -F= '
        $1 == "DefaultLimitNOFILE" { print "limit.files\t" $2 }
        $1 == "DefaultTasksMax" { print "limit.tasks\t" $2 }'
}

facts_layout() {
    LC_ALL=C awk '
        $1 == "HugePages_Total:" { pages = $2 }
        $1 == "Hugepagesize:" { print "hugepages\t" pages + 0 " " $2 }' "$ROOT/proc/meminfo" 2>/dev/null
    set -- "$ROOT"/sys/devices/system/node/node[0-9]*
    [ ! -e "$1" ] || fact numa $#
    [ ! -r "$ROOT/proc/cmdline" ] || LC_ALL=C awk '{
        for (i = 1; i <= NF; i++) if ($i ~ /^isolcpus=/) print "isolcpus\t" substr($i, 10)
    }' "$ROOT/proc/cmdline" 2>/dev/null
}

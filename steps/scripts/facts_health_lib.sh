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
    said log
    dmesg 2>/dev/null </dev/null
    said_all
}

# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
HEALTH_SAID='
    function log_said() {
        if ($0 == "") return
        log_lines++
        if (/Out of memory: Kill/) log_note("oom")
        else if (/dev (fd|sr|loop)[0-9]/) return
        else if (/I\/O error|[Rr]emounting filesystem read-only|EXT4-fs error|XFS \([^)]*\): .*([Cc]orruption|[Ee]rror)|critical (medium|target) error/)
            log_note("io")
        else if (/blocked for more than [0-9]+ seconds|soft lockup/) log_note("hung")
        else if (/\[Hardware Error\]|Machine [Cc]heck:|Uncorrected error/) log_note("hardware")
    }
    function log_note(kind) { log_count[kind]++; log_last[kind] = $0 }
    function log_end(  kind) {
        tell("kernel.log", log_lines ? "read" : "unreadable")
        for (kind in log_count) {
            gsub(/[\001-\037]/, " ", log_last[kind])
            tell("kernel.trouble", kind " " log_count[kind] " " substr(log_last[kind], 1, 300))
        }
    }'

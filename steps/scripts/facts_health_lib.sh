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

# The log as the kernel gives it, one record a read, until there is none left: half of what dmesg costs, which writes each
# line anew; what is passed on is collected, as each record would wake the reader. In a container the device may lead to a
# console instead.
facts_kernel_log() {
    haui_log=$ROOT/dev/kmsg
    said log
    if [ -c "$haui_log" ] && [ -r "$haui_log" ] && [ ! -L "$haui_log" ]; then
        dd if="$haui_log" iflag=nonblock ibs=8192 obs=65536 2>/dev/null </dev/null
    else
        dmesg 2>/dev/null </dev/null
    fi
    said_all
}

# Records of /dev/kmsg are "PRIORITY,SEQUENCE,MICROSECONDS,FLAGS;TEXT" (Documentation/ABI/testing/dev-kmsg of Linux).
# Containers that hit their own limit ("Memory cgroup out of memory") are no trouble of the host; empty drives always
# complain.

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
    function log_line(text,  part) {
        if (text !~ /^[0-9]+,[0-9]+,[0-9]+,[^;]*;/) return text
        split(text, part, ",")
        return sprintf("[%12.6f] %s", part[3] / 1000000, substr(text, index(text, ";") + 1))
    }
    function log_end(  kind) {
        tell("kernel.log", log_lines ? "read" : "unreadable")
        for (kind in log_count) {
            log_last[kind] = log_line(log_last[kind])
            gsub(/[\001-\037]/, " ", log_last[kind])
            tell("kernel.trouble", kind " " log_count[kind] " " substr(log_last[kind], 1, 300))
        }
    }'

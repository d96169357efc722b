# shellcheck shell=sh
# Facts: processors and memory against what the roles need.
#   cpus                 processors that a process may use, as kubeadm counts them
#   memory.mb            the memory that the kernel has (MemTotal)
#   memory.available.mb  what of it can be used without swapping
#   balloon.mb           memory that the hypervisor has taken back

ROOT=${HAUI_ROOT:-}

facts_sizes() {
    look_at sizes "$ROOT/proc/meminfo" "$ROOT/proc/vmstat"
    if [ -r "$ROOT/proc/self/status" ] && [ -r "$ROOT/sys/devices/system/cpu/online" ]; then
        look_at sizes "$ROOT/proc/self/status" "$ROOT/sys/devices/system/cpu/online"
    else
        sizes_asked=$(nproc 2>/dev/null </dev/null) || sizes_asked=$(grep -c '^processor' "$ROOT/proc/cpuinfo" 2>/dev/null) || sizes_asked=
        case $sizes_asked in
            '' | *[!0-9]*) ;;
            *) printf 'cpus\t%s\n' "$sizes_asked" ;;
        esac
    fi
}

# Where this process may use all processors that are online, their number is nproc's. Otherwise (processors that can be
# plugged in, a container's view of its own) nproc is asked.
# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
SIZES_READ='
    function sizes_read() {
        if ($1 == "MemTotal:" && $2 > 0) tell("memory.mb", sprintf("%d", $2 / 1024))
        else if ($1 == "MemAvailable:") tell("memory.available.mb", sprintf("%d", $2 / 1024))
        else if ($1 == "balloon_inflate") { sizes_inflated = $2; sizes_balloon = 1 }
        else if ($1 == "balloon_deflate") sizes_deflated = $2
        else if ($1 == "Cpus_allowed_list:") sizes_allowed = $2
        else if (own ~ /\/online$/ && line == 1) sizes_online = $1
        return 0
    }
    function sizes_end(  count) {
        if (sizes_balloon)
            tell("balloon.mb", sprintf("%d", (sizes_inflated > sizes_deflated ? sizes_inflated - sizes_deflated : 0) / 256))
        if (sizes_online == "") return
        if (sizes_allowed == sizes_online && sizes_online ~ /^[0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*$/) count = sizes_of(sizes_online)
        else { "nproc 2>/dev/null </dev/null" | getline count; close("nproc 2>/dev/null </dev/null") }
        if (count ~ /^[0-9]+$/) tell("cpus", count)
    }
    function sizes_of(text,  ranges, range, i, n, sum) {
        n = split(text, ranges, ",")
        for (i = 1; i <= n; i++) sum += split(ranges[i], range, "-") == 2 ? range[2] - range[1] + 1 : 1
        return sum
    }'

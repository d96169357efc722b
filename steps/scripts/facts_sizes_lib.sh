# shellcheck shell=sh
# Facts: processors and memory against what the roles need.
#   cpus                 processors that a process may use, as kubeadm counts them
#   memory.mb            the memory that the kernel has (MemTotal)
#   memory.available.mb  what of it can be used without swapping
#   balloon.mb           memory that the hypervisor has taken back

facts_sizes() {
    sizes_root=${HAUI_ROOT:-}
    sizes_cpus=$(nproc 2>/dev/null </dev/null) || sizes_cpus=$(grep -c '^processor' "$sizes_root/proc/cpuinfo" 2>/dev/null) || sizes_cpus=
    case $sizes_cpus in
        '' | *[!0-9]*) ;;
        *) printf 'cpus\t%s\n' "$sizes_cpus" ;;
    esac
    set --
    for sizes_file in meminfo vmstat; do
        [ ! -r "$sizes_root/proc/$sizes_file" ] || set -- "$@" "$sizes_root/proc/$sizes_file"
    done
    [ $# -gt 0 ] || return 0
    LC_ALL=C awk '
        $1 == "MemTotal:" && $2 > 0 { printf "memory.mb\t%d\n", $2 / 1024 }
        $1 == "MemAvailable:" { printf "memory.available.mb\t%d\n", $2 / 1024 }
        $1 == "balloon_inflate" { inflated = $2; balloon = 1 }
        $1 == "balloon_deflate" { deflated = $2 }
        END { if (balloon) printf "balloon.mb\t%d\n", (inflated > deflated ? inflated - deflated : 0) / 256 }
    ' "$@" 2>/dev/null
}

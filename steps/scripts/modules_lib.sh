# shellcheck shell=sh
# Whether a kernel module is at work. A kernel may have it built in, and containers see no /lib/modules at all; so the
# feature counts, not the file.

# module_works NAME
module_works() {
    module_shows "$1" || module_built_in "$1"
}

# module_shows NAME: whether it is loaded, or can be seen by what it does.
module_shows() {
    haui_root=${HAUI_ROOT:-}
    [ -d "$haui_root/sys/module/$1" ] && return 0
    case $1 in
        overlay) grep -qw overlay "$haui_root/proc/filesystems" 2>/dev/null && return 0 ;;
        br_netfilter) [ -d "$haui_root/proc/sys/net/bridge" ] && return 0 ;;
        nf_conntrack) [ -e "$haui_root/proc/sys/net/netfilter/nf_conntrack_max" ] && return 0 ;;
        ip_vs) [ -e "$haui_root/proc/net/ip_vs" ] && return 0 ;;
    esac
    return 1
}

# module_built_in NAME: whether the kernel's own list has it.
module_built_in() {
    haui_list=${HAUI_ROOT:-}/lib/modules/$(uname -r)/modules.builtin
    [ -f "$haui_list" ] && tr - _ <"$haui_list" | grep -q "/$1\.ko"
}

# module_loadable NAME: whether modprobe knows a file for it.
module_loadable() {
    have modprobe && modprobe -nq -- "$1" 2>/dev/null
}

# module_unknowable NAME: nothing can be said about a scheduler of ipvs when ipvs itself is built in and the host has
# no module tree (a container).
module_unknowable() {
    case $1 in
        ip_vs_*) [ ! -d "${HAUI_ROOT:-}/lib/modules/$(uname -r)" ] && module_works ip_vs ;;
        *) return 1 ;;
    esac
}

# wanted_extras: the package with the rest of this kernel's modules where it is needed: on a kernel of EL 10 or newer,
# whose small images lack what iptables and the pod network load, and of any release that lacks one of HAUI_MODULES.
wanted_extras() {
    [ "$(os_family)" = redhat ] || return 0
    haui_extras=$(package kernel_extras)
    [ -n "$haui_extras" ] || return 0
    haui_release=$(os_release VERSION_ID)
    if [ "${haui_release%%.*}" -ge 10 ] 2>/dev/null; then
        echo "$haui_extras"
        return 0
    fi
    for haui_module in $HAUI_MODULES; do
        if ! module_works "$haui_module" && ! module_loadable "$haui_module"; then
            echo "$haui_extras"
            return 0
        fi
    done
}

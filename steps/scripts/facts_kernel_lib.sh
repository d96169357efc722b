# shellcheck shell=sh
# haui: include facts_sysctl_lib
# Facts: the kernel: version, modules, cgroups, mounts, security; settings are in facts_sysctl_lib.
#   kernel.release       uname -r
#   kernel.installed     rows RELEASE, of the kernels that can be booted
#   kernel.modules       yes or no: whether there is a folder of modules for the running kernel
#   module               rows "NAME STATE [FILE]": works, loadable, off (FILE forbids it), missing, or unknown
#   reboot.required      yes or no: whether a package asked for a reboot
#   reboot.packages      which packages did
#   cgroup               v1, v2 or hybrid
#   cgroup.controllers   the controllers that are enabled, blank-separated
#   root.propagation     shared, private or slave: of the mount /
#   lockdown             none, integrity or confidentiality
#   secureboot           yes or no

ROOT=${HAUI_ROOT:-}

# Those that some choice of pod network, proxy mode or role needs; checks know who needs what.
export HAUI_MODULES="overlay br_netfilter nf_conntrack ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh vxlan \
nf_tables nft_compat nft_ct nft_nat nft_masq nft_numgen ip_tables iptable_nat ip6_tables ip6table_nat \
xt_comment xt_conntrack xt_mark xt_statistic xt_nat xt_addrtype xt_set ip_set rbd"

facts_kernel() {
    kernel_names
    haui_release=${haui_release:-}
    fact kernel.release "$haui_release"
    for haui_file in "$ROOT"/boot/vmlinuz-*; do
        [ ! -e "$haui_file" ] || fact kernel.installed "${haui_file##*/vmlinuz-}"
    done
    for haui_file in "$ROOT"/lib/modules/*/vmlinuz; do
        [ -e "$haui_file" ] || continue
        haui_file=${haui_file%/vmlinuz}
        fact kernel.installed "${haui_file##*/}"
    done
    fact_yes kernel.modules test -d "$ROOT/lib/modules/$haui_release"
    facts_modules
    fact_yes reboot.required test -e "$ROOT/run/reboot-required"
    [ ! -f "$ROOT/run/reboot-required.pkgs" ] || fact reboot.packages "$(head -n 5 "$ROOT/run/reboot-required.pkgs" 2>/dev/null)"
    facts_boot_security
    facts_kernel_files
    facts_sysctl
}

# What modprobe would read, read once: asking it 30 times would take longer than everything else.
facts_modules() {
    look_at modules "$ROOT/lib/modules/$haui_release"/modules.dep "$ROOT/lib/modules/$haui_release"/modules.builtin \
        "$ROOT"/etc/modprobe.d/*.conf "$ROOT"/run/modprobe.d/*.conf "$ROOT"/usr/lib/modprobe.d/*.conf \
        "$ROOT"/proc/filesystems
    # What is there even where no list is.
    HAUI_SHOWN=' '
    for haui_module in $HAUI_MODULES; do
        [ ! -d "$ROOT/sys/module/$haui_module" ] || HAUI_SHOWN="$HAUI_SHOWN$haui_module "
    done
    [ ! -d "$ROOT/proc/sys/net/bridge" ] || HAUI_SHOWN="${HAUI_SHOWN}by:br_netfilter "
    [ ! -e "$ROOT/proc/sys/net/netfilter/nf_conntrack_max" ] || HAUI_SHOWN="${HAUI_SHOWN}by:nf_conntrack "
    [ ! -e "$ROOT/proc/net/ip_vs" ] || HAUI_SHOWN="${HAUI_SHOWN}by:ip_vs "
    [ ! -d "$ROOT/lib/modules/$haui_release" ] || HAUI_SHOWN="${HAUI_SHOWN}tree "
    export HAUI_SHOWN
}

# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
MODULES_READ='
    BEGIN {
        modules_names = ENVIRON["HAUI_MODULES"]
        # A distribution has some six thousand modules; one look at a line decides whether it is taken apart.
        modules_wanted = modules_names
        gsub(/_/, "[-_]", modules_wanted); gsub(/ +/, "|", modules_wanted)
        modules_wanted = "/(" modules_wanted ")[.]ko"
    }
    function modules_plain(name) { gsub(/-/, "_", name); return name }
    function modules_read(  name) {
        if (own ~ /\/modules\.(dep|builtin)$/) {
            if ($0 !~ modules_wanted) return 0
            name = $1
            sub(/:$/, "", name); sub(/.*\//, "", name); sub(/\.ko.*/, "", name)
            modules_state[modules_plain(name)] = own ~ /dep$/ ? "loadable" : "works"
        } else if (own == "/proc/filesystems") {
            if ($NF == "overlay") modules_overlay = 1
        } else if ($1 == "install" && $3 ~ /^(\/usr)?\/bin\/(true|false)$/) modules_off[modules_plain($2)] = own
        return 0
    }
    function modules_shows(name) {
        return index(modules_shown, " " name " ") || index(modules_shown, " by:" name " ") || (name == "overlay" && modules_overlay)
    }
    # modules_otherwise: of a module of which no list knows. Without any list (a container, a kernel without modules) only
    # few show by what they do.
    function modules_otherwise(name) {
        if (modules_shows(name)) return "works"
        if (index(modules_shown, " tree "))
            return system("modprobe -nq -- " name " >/dev/null 2>&1 </dev/null") == 0 ? "loadable" : "missing"
        # Nothing says whether ip_vs that is built in has this one.
        if (name ~ /^ip_vs_/) return modules_shows("ip_vs") ? "unknown" : "missing"
        return name ~ /^(overlay|br_netfilter|nf_conntrack|ip_vs)$/ ? "missing" : "unknown"
    }
    function modules_end(  count, list, i, name, now) {
        modules_shown = ENVIRON["HAUI_SHOWN"]
        if (modules_shown == "") return
        count = split(modules_names, list, " ")
        for (i = 1; i <= count; i++) {
            name = list[i]
            now = name in modules_state ? modules_state[name] : "missing"
            if (now != "works" && name in modules_off) now = "off " modules_off[name]
            # What is loaded works, whatever forbids loading it.
            if (now != "works" && index(modules_shown, " " name " ")) now = "works"
            if (now == "missing") now = modules_otherwise(name)
            tell("module", name " " now)
        }
    }'

facts_boot_security() {
    haui_line=
    [ ! -r "$ROOT/sys/kernel/security/lockdown" ] || read -r haui_line <"$ROOT/sys/kernel/security/lockdown" || :
    haui_line=${haui_line#*\[}
    case $haui_line in
        none\]* | integrity\]* | confidentiality\]*) fact lockdown "${haui_line%%\]*}" ;;
    esac
    for haui_file in "$ROOT"/sys/firmware/efi/efivars/SecureBoot-*; do
        [ -r "$haui_file" ] || continue
        # Four bytes of attributes, then the value.
        # shellcheck disable=SC2046  # a list of numbers
        set -- $(od -An -tu1 "$haui_file" 2>/dev/null </dev/null)
        case ${5:-} in
            1) fact secureboot yes ;;
            0) fact secureboot no ;;
        esac
        break
    done
}

# Control groups, and how mounts propagate: of process 1, as sessions may have mounts of their own.
facts_kernel_files() {
    haui_groups=
    if [ -f "$ROOT/sys/fs/cgroup/cgroup.controllers" ]; then
        fact cgroup v2
        haui_line=
        read -r haui_line <"$ROOT/sys/fs/cgroup/cgroup.controllers" 2>/dev/null || :
        [ -z "$haui_line" ] || fact cgroup.controllers "$haui_line"
    elif [ -f "$ROOT/sys/fs/cgroup/unified/cgroup.controllers" ]; then
        fact cgroup hybrid
        haui_groups=$ROOT/proc/cgroups
    elif [ -d "$ROOT/sys/fs/cgroup/memory" ] || [ -d "$ROOT/sys/fs/cgroup/cpu" ] || [ -d "$ROOT/sys/fs/cgroup/systemd" ]; then
        fact cgroup v1
        haui_groups=$ROOT/proc/cgroups
    fi
    haui_file=$ROOT/proc/1/mountinfo
    [ -r "$haui_file" ] || haui_file=$ROOT/proc/self/mountinfo
    [ -z "$haui_groups" ] || look_at kernel "$haui_groups"
    look_at kernel "$haui_file"
}

# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
KERNEL_READ='
    function kernel_read(  i, kind) {
        if (own == "/proc/cgroups") {
            if (!/^#/ && $4 == 1) kernel_groups = kernel_groups " " $1
        } else if ($5 == "/") {
            kind = "private"
            for (i = 7; i <= NF && $i != "-"; i++) {
                if ($i ~ /^shared:/) kind = "shared"
                else if ($i ~ /^master:/ && kind == "private") kind = "slave"
            }
            kernel_kind = kind
        }
        return 0
    }
    function kernel_end() {
        if (kernel_groups != "") tell("cgroup.controllers", substr(kernel_groups, 2))
        if (kernel_kind != "") tell("root.propagation", kernel_kind)
    }'

# shellcheck shell=sh
# haui: include modules_lib facts_sysctl_lib
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
KNOWN_MODULES="overlay br_netfilter nf_conntrack ip_vs ip_vs_rr ip_vs_wrr ip_vs_sh vxlan \
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
    set --
    for haui_file in "$ROOT/lib/modules/$haui_release"/modules.dep "$ROOT/lib/modules/$haui_release"/modules.builtin \
        "$ROOT"/etc/modprobe.d/*.conf "$ROOT"/run/modprobe.d/*.conf "$ROOT"/usr/lib/modprobe.d/*.conf; do
        [ ! -f "$haui_file" ] || set -- "$@" "$haui_file"
    done
    [ $# -gt 0 ] || set -- /dev/null
    haui_lists=$(LC_ALL=C awk -v root="$ROOT" -v names="$KNOWN_MODULES" '
        function plain(name) { gsub(/-/, "_", name); return name }
        BEGIN {
            # A distribution has some six thousand modules; one look at a line decides whether it is taken apart.
            wanted = names
            gsub(/_/, "[-_]", wanted); gsub(/ +/, "|", wanted)
            wanted = "/(" wanted ")[.]ko"
        }
        FNR == 1 { of = FILENAME ~ /\/modules\.dep$/ ? "loadable" : FILENAME ~ /\/modules\.builtin$/ ? "works" : "" }
        of != "" {
            if ($0 !~ wanted) next
            name = $1
            sub(/:$/, "", name); sub(/.*\//, "", name); sub(/\.ko.*/, "", name)
            state[plain(name)] = of
            next
        }
        $1 == "install" && $3 ~ /^(\/usr)?\/bin\/(true|false)$/ {
            off[plain($2)] = substr(FILENAME, length(root) + 1)
        }
        END {
            count = split(names, list, " ")
            for (i = 1; i <= count; i++) {
                name = list[i]
                now = name in state ? state[name] : "missing"
                print name, (now != "works" && name in off ? "off " off[name] : now)
            }
        }' "$@" 2>/dev/null)
    while read -r haui_module haui_state; do
        # What is loaded works, whatever forbids loading it. The search ends early for most.
        if [ "$haui_state" != works ] && [ -d "$ROOT/sys/module/$haui_module" ]; then haui_state=works; fi
        [ "$haui_state" != missing ] || module_otherwise "$haui_module"
        [ -z "$haui_module" ] || fact module "$haui_module $haui_state"
    done <<EOF
$haui_lists
EOF
}

# module_otherwise NAME: sets haui_state, of a module of which no list knows. Without any list (a container, a kernel
# without modules) only few show by what they do.
module_otherwise() {
    if module_shows "$1"; then
        haui_state=works
    elif [ -d "$ROOT/lib/modules/$haui_release" ]; then
        ! module_loadable "$1" || haui_state=loadable
    else
        case $1 in
            # Nothing says whether ip_vs that is built in has this one.
            ip_vs_*) ! module_shows ip_vs || haui_state=unknown ;;
            overlay | br_netfilter | nf_conntrack | ip_vs) ;;
            *) haui_state=unknown ;;
        esac
    fi
}

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
    set --
    [ ! -r "$haui_groups" ] || set -- "$haui_groups"
    [ ! -r "$haui_file" ] || set -- "$@" "$haui_file"
    [ $# -eq 0 ] || LC_ALL=C awk '
        FILENAME ~ /\/cgroups$/ {
            if (!/^#/ && $4 == 1) found = found " " $1
            next
        }
        $5 == "/" {
            kind = "private"
            for (i = 7; i <= NF && $i != "-"; i++) {
                if ($i ~ /^shared:/) kind = "shared"
                else if ($i ~ /^master:/ && kind == "private") kind = "slave"
            }
        }
        END {
            if (found != "") print "cgroup.controllers\t" substr(found, 2)
            if (kind != "") print "root.propagation\t" kind
        }' "$@" 2>/dev/null
}

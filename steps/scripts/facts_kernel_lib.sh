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
    haui_release=$(uname -r)
    fact kernel.release "$haui_release"
    for haui_file in "$ROOT"/boot/vmlinuz-*; do
        [ ! -e "$haui_file" ] || printf '%s\n' "${haui_file##*/vmlinuz-}"
    done | fact_lines kernel.installed
    for haui_file in "$ROOT"/lib/modules/*/vmlinuz; do
        [ -e "$haui_file" ] || continue
        haui_file=${haui_file%/vmlinuz}
        printf '%s\n' "${haui_file##*/}"
    done | fact_lines kernel.installed
    fact_yes kernel.modules test -d "$ROOT/lib/modules/$haui_release"
    facts_modules
    fact_yes reboot.required test -e "$ROOT/run/reboot-required"
    [ ! -f "$ROOT/run/reboot-required.pkgs" ] || fact reboot.packages "$(head -n 5 "$ROOT/run/reboot-required.pkgs" 2>/dev/null)"
    facts_cgroup
    facts_boot_security
    facts_propagation
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
    LC_ALL=C awk -v root="$ROOT" -v names="$KNOWN_MODULES" '
        function plain(name) { gsub(/-/, "_", name); return name }
        FILENAME ~ /\/modules\.(dep|builtin)$/ {
            name = $1
            sub(/:$/, "", name); sub(/.*\//, "", name); sub(/\.ko.*/, "", name)
            state[plain(name)] = FILENAME ~ /dep$/ ? "loadable" : "works"
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
        }' "$@" 2>/dev/null | while read -r haui_module haui_state; do
        case $haui_state in
            works) ;;
            # What is loaded works, whatever forbids loading it. The search ends early for most.
            *) if [ -d "$ROOT/sys/module/$haui_module" ]; then haui_state=works; fi ;;
        esac
        if [ "$haui_state" = missing ]; then haui_state=$(module_otherwise "$haui_module"); fi
        printf '%s %s\n' "$haui_module" "$haui_state"
    done | fact_lines module
}

# module_otherwise NAME: the state of a module of which no list knows. Without any list (a container, a kernel without
# modules) only few show by what they do.
module_otherwise() {
    if module_works "$1"; then
        echo works
    elif module_unknowable "$1"; then
        echo unknown
    elif [ -d "$ROOT/lib/modules/$haui_release" ]; then
        if module_loadable "$1"; then echo loadable; else echo missing; fi
    else
        case $1 in
            overlay | br_netfilter | nf_conntrack | ip_vs*) if module_loadable "$1"; then echo loadable; else echo missing; fi ;;
            *) echo unknown ;;
        esac
    fi
}

facts_cgroup() {
    haui_line=
    if [ -f "$ROOT/sys/fs/cgroup/cgroup.controllers" ]; then
        fact cgroup v2
        read -r haui_line <"$ROOT/sys/fs/cgroup/cgroup.controllers" 2>/dev/null || :
        [ -z "$haui_line" ] || fact cgroup.controllers "$haui_line"
        return
    elif [ -f "$ROOT/sys/fs/cgroup/unified/cgroup.controllers" ]; then
        fact cgroup hybrid
    elif [ -d "$ROOT/sys/fs/cgroup/memory" ] || [ -d "$ROOT/sys/fs/cgroup/cpu" ] || [ -d "$ROOT/sys/fs/cgroup/systemd" ]; then
        fact cgroup v1
    else
        return
    fi
    [ ! -r "$ROOT/proc/cgroups" ] || LC_ALL=C awk '
        !/^#/ && $4 == 1 { found = found " " $1 }
        END { if (found != "") print "cgroup.controllers\t" substr(found, 2) }' "$ROOT/proc/cgroups" 2>/dev/null
}

facts_boot_security() {
    [ ! -r "$ROOT/sys/kernel/security/lockdown" ] ||
        sed -n 's/.*\[\([a-z]*\)\].*/\1/p' "$ROOT/sys/kernel/security/lockdown" 2>/dev/null | fact_lines lockdown
    for haui_file in "$ROOT"/sys/firmware/efi/efivars/SecureBoot-*; do
        [ -r "$haui_file" ] || continue
        # Four bytes of attributes, then the value.
        case $(od -An -tu1 "$haui_file" 2>/dev/null | awk 'NR == 1 { print $5 }') in
            1) fact secureboot yes ;;
            0) fact secureboot no ;;
        esac
        break
    done
}

# Of process 1: sessions may have mounts of their own.
facts_propagation() {
    haui_file=$ROOT/proc/1/mountinfo
    [ -r "$haui_file" ] || haui_file=$ROOT/proc/self/mountinfo
    [ ! -r "$haui_file" ] || LC_ALL=C awk '
        $5 == "/" {
            kind = "private"
            for (i = 7; i <= NF && $i != "-"; i++) {
                if ($i ~ /^shared:/) kind = "shared"
                else if ($i ~ /^master:/ && kind == "private") kind = "slave"
            }
        }
        END { if (kind != "") print "root.propagation\t" kind }' "$haui_file" 2>/dev/null
}

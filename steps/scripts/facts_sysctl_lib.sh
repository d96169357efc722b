# shellcheck shell=sh
# Facts: kernel settings, and the files that set them at the next boot.
#   sysctl        rows "NAME VALUE", as they are now; a setting that does not exist is left out
#   sysctl.file   rows "NAME VALUE PATH", assignments in files of settings; a file that one of the same name
#                 hides (in /etc that of /usr/lib) is left out
#   rp_filter     rows "IFACE VALUE"; IFACE may be all and default
#   arp_ignore    rows "IFACE VALUE"

ROOT=${HAUI_ROOT:-}

SETTINGS="net.ipv4.ip_forward net.ipv4.conf.all.forwarding net.bridge.bridge-nf-call-iptables \
net.bridge.bridge-nf-call-ip6tables net.ipv6.conf.all.forwarding net.ipv6.conf.all.disable_ipv6 \
fs.inotify.max_user_instances fs.inotify.max_user_watches fs.file-max net.netfilter.nf_conntrack_max"

facts_sysctl() {
    # Not with read: it asks for one byte after the other, and the kernel gives all of a setting at once or nothing.
    set --
    for haui_name in $(printf '%s' "$SETTINGS" | tr . /); do
        haui_file=$ROOT/proc/sys/$haui_name
        [ ! -r "$haui_file" ] || set -- "$@" "$haui_file"
    done
    [ $# -eq 0 ] || LC_ALL=C awk -v root="$ROOT/proc/sys/" 'FNR == 1 && NF {
        name = substr(FILENAME, length(root) + 1)
        gsub(/\//, ".", name)
        print name, $1
    }' "$@" 2>/dev/null | fact_lines sysctl
    facts_sysctl_files
    for haui_name in rp_filter arp_ignore; do
        set -- "$ROOT"/proc/sys/net/ipv4/conf/*/"$haui_name"
        [ -e "$1" ] || continue
        # A host of many containers has many interfaces; those in use come up under all as well.
        LC_ALL=C awk -v key="$haui_name" 'FNR == 1 && count++ < 200 {
            parts = split(FILENAME, part, "/")
            print key "\t" part[parts - 1] " " $1
        }' "$@" 2>/dev/null
    done
}

# Those that systemd reads at boot, and ufw's, which it puts into effect after them.
facts_sysctl_files() {
    set --
    haui_before=
    for haui_folder in /etc /run /usr/local/lib /usr/lib; do
        for haui_file in "$ROOT$haui_folder"/sysctl.d/*.conf; do
            [ -f "$haui_file" ] && [ -r "$haui_file" ] || continue
            for haui_other in $haui_before; do
                haui_other=$ROOT$haui_other/sysctl.d/${haui_file##*/}
                if [ -e "$haui_other" ] || [ -L "$haui_other" ]; then continue 2; fi
            done
            set -- "$@" "$haui_file"
        done
        haui_before="$haui_before $haui_folder"
    done
    if [ -f "$ROOT/etc/ufw/sysctl.conf" ] && grep -q '^ENABLED=yes' "$ROOT/etc/ufw/ufw.conf" 2>/dev/null; then
        set -- "$@" "$ROOT/etc/ufw/sysctl.conf"
    fi
    [ $# -gt 0 ] || return 0
    LC_ALL=C awk -v root="$ROOT" -v names="$SETTINGS" '
        BEGIN { count = split(names, list, " "); for (i = 1; i <= count; i++) wanted[list[i]] = 1 }
        /^[ \t]*[#;]/ { next }
        {
            at = index($0, "=")
            if (!at) next
            name = substr($0, 1, at - 1)
            value = substr($0, at + 1, 100)
            gsub(/^[ \t]*-?[ \t]*|[ \t]+$/, "", name)
            gsub(/^[ \t]+|[ \t\r]+$/, "", value)
            gsub(/\//, ".", name)
            gsub(/[ \t]+/, ",", value)
            if (name in wanted && value != "") print name, value, substr(FILENAME, length(root) + 1)
        }' "$@" 2>/dev/null | fact_lines sysctl.file
}

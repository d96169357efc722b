# shellcheck shell=sh
# Facts: kernel settings, and the files that set them at the next boot.
#   sysctl        rows "NAME VALUE", as they are now; a setting that does not exist is left out
#   sysctl.file   rows "NAME VALUE PATH", assignments in files of settings; a file that one of the same name
#                 hides (in /etc that of /usr/lib) is left out
#   rp_filter     rows "IFACE VALUE"; IFACE may be all and default
#   arp_ignore    rows "IFACE VALUE"

ROOT=${HAUI_ROOT:-}

SETTINGS="net/ipv4/ip_forward net/ipv4/conf/all/forwarding net/bridge/bridge-nf-call-iptables \
net/bridge/bridge-nf-call-ip6tables net/ipv6/conf/all/forwarding net/ipv6/conf/all/disable_ipv6 \
fs/inotify/max_user_instances fs/inotify/max_user_watches fs/file-max net/netfilter/nf_conntrack_max"

facts_sysctl() {
    set --
    for haui_name in $SETTINGS; do
        haui_file=$ROOT/proc/sys/$haui_name
        [ ! -r "$haui_file" ] || set -- "$@" "$haui_file"
    done
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
    # systemd reads those above at boot; ufw puts its own into effect after them.
    if [ -f "$ROOT/etc/ufw/sysctl.conf" ] && grep -q '^ENABLED=yes' "$ROOT/etc/ufw/ufw.conf" 2>/dev/null; then
        set -- "$@" "$ROOT/etc/ufw/sysctl.conf"
    fi
    # Interfaces may go while they are read, which ends awk: they come last.
    for haui_name in rp_filter arp_ignore; do
        for haui_file in "$ROOT"/proc/sys/net/ipv4/conf/*/"$haui_name"; do
            [ ! -e "$haui_file" ] || set -- "$@" "$haui_file"
        done
    done
    [ $# -eq 0 ] || sysctl_lines "$@"
}

# sysctl_lines FILE…. Not with read: it asks for one byte after the other, and the kernel gives all of a setting at once
# or nothing.
sysctl_lines() {
    LC_ALL=C awk -v root="$ROOT" -v names="$SETTINGS" '
        BEGIN {
            gsub(/\//, ".", names)
            count = split(names, list, " ")
            for (i = 1; i <= count; i++) wanted[list[i]] = 1
            kernel = root "/proc/sys/"
        }
        function tell(key, value) { gsub(/[\t\r]+/, " ", value); printf "%s\t%s\n", key, substr(value, 1, 4000) }
        FNR == 1 { setting = index(FILENAME, kernel) == 1 }
        setting {
            if (FNR > 1 || !NF) next
            name = substr(FILENAME, length(kernel) + 1)
            parts = split(name, part, "/")
            if (part[parts] == "rp_filter" || part[parts] == "arp_ignore") {
                # A host of many containers has many interfaces; those in use come up under all as well.
                if (told[part[parts]]++ < 200) tell(part[parts], part[parts - 1] " " $1)
            } else {
                gsub(/\//, ".", name)
                tell("sysctl", name " " $1)
            }
            next
        }
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
            if (name in wanted && value != "") tell("sysctl.file", name " " value " " substr(FILENAME, length(root) + 1))
        }' "$@" 2>/dev/null
}

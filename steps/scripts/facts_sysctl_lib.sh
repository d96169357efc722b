# shellcheck shell=sh
# Facts: kernel settings, and the files that set them at the next boot.
#   sysctl        rows "NAME VALUE", as they are now; a setting that does not exist is left out
#   sysctl.file   rows "NAME VALUE PATH", assignments in files of settings; a file that one of the same name
#                 hides (in /etc that of /usr/lib) is left out
#   rp_filter     rows "IFACE VALUE"; IFACE may be all and default
#   arp_ignore    rows "IFACE VALUE"

ROOT=${HAUI_ROOT:-}

export HAUI_SETTINGS="net/ipv4/ip_forward net/ipv4/conf/all/forwarding net/bridge/bridge-nf-call-iptables \
net/bridge/bridge-nf-call-ip6tables net/ipv6/conf/all/forwarding net/ipv6/conf/all/disable_ipv6 \
fs/inotify/max_user_instances fs/inotify/max_user_watches fs/file-max net/netfilter/nf_conntrack_max"

facts_sysctl() {
    for haui_name in $HAUI_SETTINGS; do
        look_at sysctl "$ROOT/proc/sys/$haui_name"
    done
    haui_before=
    for haui_folder in /etc /run /usr/local/lib /usr/lib; do
        for haui_file in "$ROOT$haui_folder"/sysctl.d/*.conf; do
            [ -f "$haui_file" ] || continue
            for haui_other in $haui_before; do
                haui_other=$ROOT$haui_other/sysctl.d/${haui_file##*/}
                if [ -e "$haui_other" ] || [ -L "$haui_other" ]; then continue 2; fi
            done
            look_at sysctl "$haui_file"
        done
        haui_before="$haui_before $haui_folder"
    done
    # systemd reads those above at boot; ufw puts its own into effect after them.
    if [ -f "$ROOT/etc/ufw/sysctl.conf" ] && grep -q '^ENABLED=yes' "$ROOT/etc/ufw/ufw.conf" 2>/dev/null; then
        look_at sysctl "$ROOT/etc/ufw/sysctl.conf"
    fi
    look_at sysctl "$ROOT"/proc/sys/net/ipv4/conf/*/rp_filter "$ROOT"/proc/sys/net/ipv4/conf/*/arp_ignore
}

# Not with the shell's read: it asks for one byte after the other, and the kernel gives all of a setting at once or
# nothing.
# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
SYSCTL_READ='
    BEGIN {
        sysctl_names = ENVIRON["HAUI_SETTINGS"]
        gsub(/\//, ".", sysctl_names)
        sysctl_count = split(sysctl_names, sysctl_list, " ")
        for (i = 1; i <= sysctl_count; i++) sysctl_wanted[sysctl_list[i]] = 1
    }
    function sysctl_read(  name, part, parts, at, value) {
        if (index(own, "/proc/sys/") == 1) {
            if (!NF) return 1
            name = substr(own, 11)
            parts = split(name, part, "/")
            if (part[parts] == "rp_filter" || part[parts] == "arp_ignore") {
                # A host of many containers has many interfaces; those in use come up under all as well.
                if (sysctl_told[part[parts]]++ < 200) tell(part[parts], part[parts - 1] " " $1)
            } else {
                gsub(/\//, ".", name)
                tell("sysctl", name " " $1)
            }
            return 1
        }
        if (/^[ \t]*[#;]/ || !(at = index($0, "="))) return 0
        name = substr($0, 1, at - 1)
        value = substr($0, at + 1, 100)
        gsub(/^[ \t]*-?[ \t]*|[ \t]+$/, "", name)
        gsub(/^[ \t]+|[ \t\r]+$/, "", value)
        gsub(/\//, ".", name)
        gsub(/[ \t]+/, ",", value)
        if (name in sysctl_wanted && value != "") tell("sysctl.file", name " " value " " own)
        return 0
    }'

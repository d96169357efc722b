# shellcheck shell=sh
# Facts: the clock of one host. Who sets it: `unit` and `time.service` of facts_units_lib.
#   time.zone          e.g. Europe/Berlin
#   time.synchronised  yes|no, as the kernel and chrony say it; absent when nobody knows
#   time.foreign       yes in a container: the clock is the machine's; else no
#   time.reference     whom chrony follows, e.g. "C0A80001 (ntp.lan) stratum 3"

facts_clock() {
    clock_zone
    haui_synchronised=
    haui_tracking=
    if have chronyc; then
        haui_tracking=$(become_bounded 5 chronyc -n tracking)
    fi
    case $haui_tracking in
        *"Leap status"*": Normal"*) haui_synchronised=yes ;;
        *)
            if booted_systemd; then
                haui_synchronised=$(become_bounded 5 timedatectl show -p NTPSynchronized --value)
            fi
            case $haui_synchronised:$haui_tracking in
                yes:*) ;;
                *:*"Leap status"*) haui_synchronised=no ;;
            esac
            ;;
    esac
    [ -z "$haui_tracking" ] || printf '%s\n' "$haui_tracking" | LC_ALL=C awk -F' *: *' '
        $1 == "Reference ID" { id = $2 }
        $1 == "Stratum" { printf "time.reference\t%s stratum %s\n", id, $2 }'
    case $haui_synchronised in
        yes | no) fact time.synchronised "$haui_synchronised" ;;
    esac
    clock_foreign
}

clock_foreign() {
    virtual
    case ${haui_virtual:-} in
        '' | none | kvm | qemu | amazon | google | microsoft | vmware | oracle | xen | bochs | uml | parallels | bhyve | zvm | powervm)
            fact time.foreign no
            ;;
        docker | podman | lxc | lxc-libvirt | systemd-nspawn | openvz | rkt | wsl) fact time.foreign yes ;;
        *) fact_yes time.foreign bounded 5 systemd-detect-virt -cq ;;
    esac
}

clock_zone() {
    tmp_and_zone
    case $haui_zone in
        *zoneinfo/*) haui_zone=${haui_zone##*zoneinfo/} ;;
        *) haui_zone='' && { read -r haui_zone <"$ROOT/etc/timezone"; } 2>/dev/null || : ;;
    esac
    case $haui_zone in
        '' | *[!A-Za-z0-9/_+-]*) ;;
        *) printf 'time.zone\t%s\n' "$haui_zone" ;;
    esac
}

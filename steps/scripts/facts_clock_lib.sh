# shellcheck shell=sh
# Facts: the clock of one host. Who sets it: see also `unit` of facts_units_lib.
#   time.zone          e.g. Europe/Berlin
#   time.synchronised  yes|no, as the kernel and chrony say it; absent when nobody knows
#   time.service       a time service that is active, one line each; absent when there is none
#   time.foreign       yes in a container: the clock is the machine's; else no
#   time.reference     whom chrony follows, e.g. "C0A80001 (ntp.lan) stratum 3"

facts_clock() {
    clock_zone
    haui_synchronised=$(bounded 5 timedatectl show -p NTPSynchronized --value || :)
    if have chronyc; then
        haui_tracking=$(bounded 5 chronyc -n tracking || :)
        case $haui_tracking in
            *"Leap status"*": Normal"*) haui_synchronised=yes ;;
            *"Leap status"*) [ "$haui_synchronised" = yes ] || haui_synchronised=no ;;
        esac
        printf '%s\n' "$haui_tracking" | LC_ALL=C awk -F' *: *' '
            $1 == "Reference ID" { id = $2 }
            $1 == "Stratum" { printf "time.reference\t%s stratum %s\n", id, $2 }'
    fi
    case $haui_synchronised in
        yes | no) printf 'time.synchronised\t%s\n' "$haui_synchronised" ;;
    esac
    fact_yes time.foreign bounded 5 systemd-detect-virt -cq
    clock_services
}

clock_zone() {
    haui_zone=$(readlink "$ROOT/etc/localtime" 2>/dev/null || :)
    case $haui_zone in
        *zoneinfo/*) haui_zone=${haui_zone##*zoneinfo/} ;;
        *) haui_zone='' && { read -r haui_zone <"$ROOT/etc/timezone"; } 2>/dev/null || : ;;
    esac
    case $haui_zone in
        '' | *[!A-Za-z0-9/_+-]*) ;;
        *) printf 'time.zone\t%s\n' "$haui_zone" ;;
    esac
}

clock_services() {
    have systemctl || return 0
    # chronyd is another name of chrony, or the other way round, so both may answer.
    set -- chrony chronyd systemd-timesyncd ntpsec ntp ntpd openntpd
    bounded 10 systemctl is-active -- "$@" | {
        haui_before=
        while read -r haui_state && [ $# -gt 0 ]; do
            if [ "$haui_state" = active ]; then
                case $haui_before:$1 in
                    chrony:chronyd | ntpsec:ntp | ntpsec:ntpd | ntp:ntpd) ;;
                    *) printf 'time.service\t%s\n' "$1" ;;
                esac
                haui_before=$1
            fi
            shift
        done
    }
}

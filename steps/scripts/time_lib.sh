# shellcheck shell=sh
# Who sets the clock, and whether it is right.

# time_service: the unit that synchronises the clock; 1 when there is none.
time_service() {
    for haui_unit in chrony chronyd systemd-timesyncd ntpsec ntp ntpd openntpd; do
        if [ "$(unit_active "$haui_unit")" = active ]; then
            echo "$haui_unit"
            return 0
        fi
    done
    return 1
}

# time_synchronised: as systemd or chrony see it.
time_synchronised() {
    [ "$(timedatectl show -p NTPSynchronized --value 2>/dev/null)" = yes ] && return 0
    have chronyc && chronyc -n tracking 2>/dev/null | grep -q '^Leap status *: Normal'
}

# clock_is_foreign: in a container the machine's clock is looked after by the machine.
clock_is_foreign() {
    systemd-detect-virt -cq 2>/dev/null
}

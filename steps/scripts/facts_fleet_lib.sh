# shellcheck shell=sh
# Facts that only say something beside those of the other hosts.
#   proxy.asked      yes: whether the places of proxies were looked at
#   proxy.set        SOURCE URL: proxies of http and https in /etc/environment, apt and dnf; without a login
#   chassis.serial   of the firmware (DMI); blades of one enclosure share it

ROOT=${HAUI_ROOT:-}

facts_fleet() {
    fact proxy.asked yes
    fleet_proxies
    fleet_serial
}

fleet_serial() {
    [ -r "$ROOT/sys/class/dmi/id/chassis_serial" ] || return 0
    haui_line=
    read -r haui_line <"$ROOT/sys/class/dmi/id/chassis_serial" 2>/dev/null || :
    case $haui_line in
        '') ;;
        # Some firmware holds rubbish there.
        *[![:print:]]*) printf '%.200s\n' "$haui_line" | tr -cd '\040-\176\n' | fact_lines chassis.serial ;;
        *) fact chassis.serial "$haui_line" ;;
    esac
}

# The proxies that files name, in any of the three ways to write them; of dnf.conf and yum.conf one is a link to the other.
fleet_proxies() {
    look_at fleet "$ROOT"/etc/environment "$ROOT"/etc/apt/apt.conf "$ROOT"/etc/apt/apt.conf.d/* \
        "$ROOT"/etc/dnf/dnf.conf "$ROOT"/etc/yum.conf
}

# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
FLEET_READ='
    function fleet_read(  source, wanted, value, row) {
        if (line > 2000) return 1
        if (/^[ \t]*(#|\/\/)/) return 0
        source = own == "/etc/environment" ? "environment" : own ~ /^\/etc\/apt\// ? "apt" : "dnf"
        wanted = source == "environment" ? "^[ \t]*(export[ \t]+)?https?_proxy[ \t]*=" \
            : source == "apt" ? "acquire::https?::proxy[ \t]" : "^[ \t]*proxy[ \t]*="
        if (!match(tolower($0), wanted)) return 0
        value = substr($0, RSTART + RLENGTH)
        gsub(/^[ \t"\047]+|[ \t"\047;]+$/, "", value)
        if (value == "" || value == "_none_" || tolower(value) == "false") return 0
        sub(/\/\/[^\/@ ]*@/, "//", value)
        row = source " " value
        if (!fleet_told[row]++ && fleet_count++ < 20) tell("proxy.set", row)
        return 0
    }'

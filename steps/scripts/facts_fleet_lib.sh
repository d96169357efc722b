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
    set --
    for haui_file in "$ROOT"/etc/environment "$ROOT"/etc/apt/apt.conf "$ROOT"/etc/apt/apt.conf.d/* \
        "$ROOT"/etc/dnf/dnf.conf "$ROOT"/etc/yum.conf; do
        if [ -f "$haui_file" ] && [ -r "$haui_file" ]; then set -- "$@" "$haui_file"; fi
    done
    [ $# -eq 0 ] || LC_ALL=C awk -v root="$ROOT" '
        FNR == 1 {
            file = substr(FILENAME, length(root) + 1)
            source = file == "/etc/environment" ? "environment" : file ~ /^\/etc\/apt\// ? "apt" : "dnf"
            wanted = source == "environment" ? "^[ \t]*(export[ \t]+)?https?_proxy[ \t]*=" \
                : source == "apt" ? "acquire::https?::proxy[ \t]" : "^[ \t]*proxy[ \t]*="
        }
        FNR > 2000 || /^[ \t]*(#|\/\/)/ { next }
        {
            if (!match(tolower($0), wanted)) next
            value = substr($0, RSTART + RLENGTH)
            gsub(/^[ \t"\047]+|[ \t"\047;]+$/, "", value)
            if (value == "" || value == "_none_" || tolower(value) == "false") next
            sub(/\/\/[^\/@ ]*@/, "//", value)
            gsub(/[\t\r]+/, " ", value)
            row = source " " value
            if (!told[row]++ && count++ < 20) printf "proxy.set\t%s\n", substr(row, 1, 4000)
        }' "$@" 2>/dev/null
}

# shellcheck shell=sh
# Facts that only say something beside those of the other hosts.
#   endpoint.asked   yes: whether the host could look for the endpoint's name (HAUI_ENDPOINT_NAME)
#   endpoint.name    ADDR: its addresses, as the host finds them
#   proxy.asked      yes: whether the places of proxies were looked at
#   proxy.set        SOURCE URL: proxies of http and https in /etc/environment, apt and dnf; without a login
#   chassis.serial   of the firmware (DMI); blades of one enclosure share it

ROOT=${HAUI_ROOT:-}

facts_fleet() {
    fleet_endpoint_name
    fact proxy.asked yes
    fleet_proxies | sed 's|//[^/@ ]*@|//|' | sort -u | head -n 20 | fact_lines proxy.set
    if [ -r "$ROOT/sys/class/dmi/id/chassis_serial" ]; then
        head -c 200 "$ROOT/sys/class/dmi/id/chassis_serial" | tr -cd '\040-\176\n' | head -n 1 | fact_lines chassis.serial
    fi
}

fleet_endpoint_name() {
    [ -n "${HAUI_ENDPOINT_NAME:-}" ] && have getent || return 0
    haui_status=0
    haui_found=$(bounded 6 getent ahosts "$HAUI_ENDPOINT_NAME") || haui_status=$?
    # 2: nobody knows the name. Anything else is no answer, as when the name servers are silent.
    case $haui_status in
        0 | 2) fact endpoint.asked yes ;;
        *) return 0 ;;
    esac
    printf '%s\n' "$haui_found" | awk 'NF && !told[$1]++ && NR <= 100 { printf "endpoint.name\t%s\n", $1 }'
}

fleet_proxies() {
    [ ! -r "$ROOT/etc/environment" ] || fleet_values environment "$ROOT/etc/environment"
    for haui_file in "$ROOT"/etc/apt/apt.conf "$ROOT"/etc/apt/apt.conf.d/*; do
        [ ! -f "$haui_file" ] || fleet_values apt "$haui_file"
    done
    for haui_file in "$ROOT"/etc/dnf/dnf.conf "$ROOT"/etc/yum.conf; do
        # The one is a link to the other.
        [ ! -f "$haui_file" ] || fleet_values dnf "$haui_file"
    done
}

# fleet_values SOURCE FILE: the proxies that a file names, in any of the three ways to write them.
fleet_values() {
    head -c 65536 "$2" | LC_ALL=C awk -v source="$1" '
        /^[ \t]*(#|\/\/)/ { next }
        {
            line = tolower($0)
            wanted = source == "environment" ? "^[ \t]*(export[ \t]+)?https?_proxy[ \t]*=" \
                : source == "apt" ? "acquire::https?::proxy[ \t]" : "^[ \t]*proxy[ \t]*="
            if (!match(line, wanted)) next
            value = substr($0, RSTART + RLENGTH)
            gsub(/^[ \t"\047]+|[ \t"\047;]+$/, "", value)
            if (value != "" && value != "_none_" && tolower(value) != "false") print source, value
        }'
}

# shellcheck shell=sh
# Facts: what a host knows of names, what files say of them and of who else changes interfaces.
#   resolver      KIND VALUE: "nameserver ADDR", "search DOMAIN…", "options WORD…", "file PATH" (what /etc/resolv.conf
#                 is), "upstream ADDR" (whom the stub of systemd-resolved asks)
#   dns.server    ADDR answers|unreachable|silent: whether that name server answers anything at all
#   dns.lookup    NAME found|none|timeout SECONDS: a name that the install will need (HAUI_LOOKUP)
#   own.name      ADDR: the addresses of the host's own name (uname -n)
#   fqdn          what the resolver makes of that name, as hostname -f tells it
#   endpoint.asked   yes: whether the host could look for the endpoint's name (HAUI_ENDPOINT_NAME)
#   endpoint.name    ADDR: its addresses, as the host finds them
#   nsswitch      the sources for names of hosts, e.g. "files dns"
#   nm.unmanaged  lines of NetworkManager's configuration that name devices it leaves alone
#   networkd      KEY=VALUE of systemd-networkd's configuration about foreign routes and rules

ROOT=${HAUI_ROOT:-}

# What files say of names, and of who else changes interfaces.
network_resolver() {
    haui_file=$ROOT/etc/resolv.conf
    if [ -L "$haui_file" ]; then
        haui_file=$(become_bounded 2 readlink -f "$haui_file")
    fi
    { [ -z "$haui_file" ] || [ ! -e "$haui_file" ]; } || fact resolver "file ${haui_file#"$ROOT"}"
    look_at names "$ROOT"/etc/resolv.conf "$ROOT"/run/systemd/resolve/resolv.conf "$ROOT"/etc/nsswitch.conf \
        "$ROOT"/etc/NetworkManager/NetworkManager.conf "$ROOT"/etc/NetworkManager/conf.d/*.conf \
        "$ROOT"/usr/lib/NetworkManager/conf.d/*.conf "$ROOT"/run/NetworkManager/conf.d/*.conf \
        "$ROOT"/etc/systemd/networkd.conf "$ROOT"/etc/systemd/networkd.conf.d/*.conf \
        "$ROOT"/usr/lib/systemd/networkd.conf.d/*.conf
}

# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
NAMES_READ='
    function names_read(  name, value) {
        if (own != "/etc/resolv.conf") names_end()
        if (own == "/etc/resolv.conf") {
            if ($1 == "nameserver" && $2 ~ /^[0-9a-fA-F:.%a-z]+$/) tell("resolver", "nameserver " $2)
            # The last of them counts.
            if ($1 == "search" || $1 == "domain") { $1 = "search"; names_search = $0 }
            if ($1 == "options") tell("resolver", $0)
        } else if (own ~ /\/resolv\.conf$/) {
            if ($1 == "nameserver" && $2 ~ /^[0-9a-fA-F:.%a-z]+$/) tell("resolver", "upstream " $2)
        } else if (own == "/etc/nsswitch.conf") {
            if (sub(/^[ \t]*hosts:[ \t]*/, "")) {
                if (NF) tell("nsswitch", $0)
                return 1
            }
        } else if (own ~ /NetworkManager/) {
            if (sub(/^[ \t]*unmanaged-devices[+]*=/, "") && NF) tell("nm.unmanaged", $0)
        } else if (match($0, /^[ \t]*ManageForeignRout[a-zA-Z]*[ \t]*=/)) {
            name = substr($0, 1, RLENGTH - 1)
            value = substr($0, RLENGTH + 1)
            gsub(/[ \t]/, "", name)
            sub(/^[ \t]+/, "", value)
            tell("networkd", name "=" value)
        }
        return line >= 2000
    }
    function names_end() {
        if (names_search != "") tell("resolver", names_search)
        names_search = ""
    }'

# Asks name servers for those of the root, all at once. Any answer, also a refusal, is taken for a sign of life: it begins
# with the same two letters as the question. Every wait is limited. Only bash can do this.
# shellcheck disable=SC2016  # for that bash
SERVERS_QUESTION='
server() {
    exec 3<>"/dev/udp/$1/53" || return 4
    for try in 1 2; do
        printf "\x68\x75\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01" >&3 || return 4
        read -r -t 1.5 -n 1 -u 3 && return 0
        [ $? -gt 128 ] || return 4
    done
    return 5
}
tell_server() {
    server "$1"
    case $? in
        0) printf "dns.server\t%s answers\n" "$1" ;;
        4) printf "dns.server\t%s unreachable\n" "$1" ;;
        *) printf "dns.server\t%s silent\n" "$1" ;;
    esac
}
while [ $# -gt 1 ]; do
    tell_server "$1" &
    shift
done
tell_server "$1"
wait'

# Asks for names, all at once and in one process group, so that dead servers cost their time only once and one guard ends
# all. Run as `sh -c … - SERVERS_QUESTION OWN_NAME SERVER…`.
# shellcheck disable=SC2016  # for that shell
NAMES_QUESTION='
tell_addresses() {
    told=" "
    set -f
    IFS="
"
    for line in $2; do
        address=${line%%[[:blank:]]*}
        case $told in *" $address "*) continue ;; esac
        told="$told$address "
        [ ${#told} -lt 2000 ] || break
        printf "%s\t%s\n" "$1" "$address"
    done
    unset IFS
}
own_name() {
    found=$(getent ahosts "$1")
    tell_addresses own.name "$found"
    # Only the first line has the name: "10.0.0.11 STREAM cp1.lan".
    found=${found%%"
"*}
    case $found in
        *[[:cntrl:]]*) ;;
        *" STREAM "?*) printf "fqdn\t%s\n" "${found##* }" ;;
    esac
}
endpoint_name() {
    found=$(getent ahosts "$HAUI_ENDPOINT_NAME")
    # 2: nobody knows the name. Anything else is no answer, as when the name servers are silent.
    case $? in
        0 | 2) printf "endpoint.asked\tyes\n" ;;
        *) return ;;
    esac
    tell_addresses endpoint.name "$found"
}
ticks() {
    read -r ticks rest </proc/uptime
    ticks=${ticks%.*}${ticks#*.}
}
lookup() {
    ticks
    begin=$ticks
    getent ahosts "$HAUI_LOOKUP" >/dev/null
    case $? in
        0) status=found ;;
        2) status=none ;;
        *) status=timeout ;;
    esac
    ticks
    ticks=$((ticks - begin))
    printf "dns.lookup\t%s %s %d.%02d0\n" "$HAUI_LOOKUP" "$status" $((ticks / 100)) $((ticks % 100))
}
question=$1 own=$2
shift 2
# Below sshd even this bash would run a ~/.bashrc.
[ $# -eq 0 ] || ! command -v bash >/dev/null || bash --norc -c "$question" - "$@" &
if command -v getent >/dev/null; then
    [ -z "${HAUI_LOOKUP:-}" ] || lookup &
    [ -z "${HAUI_ENDPOINT_NAME:-}" ] || endpoint_name &
    own_name "$own"
fi
wait'

network_lookups() {
    set --
    # The first three, as the resolver itself does. Read by the shell: the rest of what files say need not be waited for.
    haui_file=$ROOT/etc/resolv.conf
    if [ -f "$haui_file" ] && [ -r "$haui_file" ]; then
        haui_count=0
        while [ $# -lt 3 ] && [ "$haui_count" -lt 200 ] && read -r haui_kind haui_server _; do
            haui_count=$((haui_count + 1))
            case $haui_kind:$haui_server in
                nameserver:*[!0-9a-f:.]*) ;;
                nameserver:?*) set -- "$@" "$haui_server" ;;
            esac
        done <"$haui_file"
    fi
    kernel_names
    haui_rows=$(become_bounded 8 sh -c "$NAMES_QUESTION" - "$SERVERS_QUESTION" "${haui_node:-}" "$@")
    haui_status=$?
    [ -z "$haui_rows" ] || printf '%s\n' "$haui_rows"
    case $haui_status:$haui_rows in
        *dns.lookup"$HAUI_TAB"*) ;;
        124:* | 137:*) [ -z "${HAUI_LOOKUP:-}" ] || fact dns.lookup "$HAUI_LOOKUP timeout 8.000" ;;
    esac
}

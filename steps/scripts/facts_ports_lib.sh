# shellcheck shell=sh
# Facts: who listens, and which ports the kernel hands out by itself.
#   listeners      how many sockets listen; absent when nobody could say
#   listener       PROTO ADDR PORT PROCESS PID, e.g. "tcp 0.0.0.0 22 sshd 611", "udp :: 123 - -"; blanks in names are _
#   port.range     FIRST LAST: where the kernel takes local ports of outgoing connections from
#   port.reserved  ports that it leaves out there, e.g. "30000-32767,6443"

# ports_listeners: what ss says. Whose a socket is costs a look at every process: only asked for when one of the ports
# that the install will use (HAUI_PORTS, when that is known) is taken.
ports_listeners() {
    ports_said=$(ss -Hltun 2>/dev/null </dev/null) || return 1
    ports_taken=
    for ports_port in ${HAUI_PORTS:-}; do
        case $ports_said in *":$ports_port "*) ports_taken=yes && break ;; esac
    done
    if [ -n "$ports_taken" ] || [ -z "${HAUI_PORTS:-}" ]; then
        ss -Hltunp 2>/dev/null </dev/null
    else
        printf '%s\n' "$ports_said"
    fi
}

facts_ports() {
    set --
    for ports_file in ip_local_port_range ip_local_reserved_ports; do
        ports_file=$ROOT/proc/sys/net/ipv4/$ports_file
        [ ! -r "$ports_file" ] || set -- "$@" "$ports_file"
    done
    { ! have ss || ! ports_listeners || echo asked; } | LC_ALL=C awk '
        FILENAME ~ /\/ip_local_[a-z_]*$/ {
            if (FNR > 1 || !NF) next
            gsub(/[\t\r]+/, " ")
            print (FILENAME ~ /range$/ ? "port.range" : "port.reserved") "\t" substr($0, 1, 4000)
            next
        }
        $0 == "asked" { asked = 1 }
        $1 == "tcp" || $1 == "udp" {
            port = $5; sub(/.*:/, "", port)
            address = $5; sub(/:[^:]*$/, "", address); gsub(/^\[|\]$/, "", address); sub(/\]?%.*/, "", address)
            gsub(/[][]/, "", address)
            if (address == "") address = "*"
            process = pid = "-"
            if (match($0, /\(\("[^"]*",pid=[0-9]+/)) {
                process = substr($0, RSTART + 3, RLENGTH - 3)
                pid = process; sub(/.*pid=/, "", pid)
                sub(/",pid=[0-9]+$/, "", process); gsub(/[ \t]+/, "_", process)
                if (process == "") process = "-"
            }
            row = $1 " " address " " port " " process " " pid
            if (port ~ /^[0-9]+$/ && !told[row]++ && count++ < 2000) rows = rows "listener\t" row "\n"
        }
        END { if (asked) printf "%slisteners\t%d\n", rows, count }' - "$@" 2>/dev/null
}

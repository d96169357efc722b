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
    look_at ports "$ROOT/proc/sys/net/ipv4/ip_local_port_range" "$ROOT/proc/sys/net/ipv4/ip_local_reserved_ports"
    have ss || return 0
    said ports
    ! ports_listeners || printf '\nasked\n'
    said_all
}

# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
PORTS_READ='
    function ports_read() {
        if (NF) tell(own ~ /range$/ ? "port.range" : "port.reserved", $0)
        return 1
    }'
# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
PORTS_SAID='
    function ports_said(  port, address, process, pid, row) {
        if ($0 == "asked") ports_asked = 1
        if ($1 != "tcp" && $1 != "udp") return
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
        if (port ~ /^[0-9]+$/ && !ports_told[row]++ && ports_count++ < 2000) ports_row[ports_count] = row
    }
    function ports_end(  i) {
        if (!ports_asked) return
        for (i = 1; i <= ports_count && i <= 2000; i++) tell("listener", ports_row[i])
        tell("listeners", ports_count + 0)
    }'

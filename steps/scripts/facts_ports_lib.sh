# shellcheck shell=sh
# Facts: who listens, and which ports the kernel hands out by itself.
#   listeners      how many sockets listen; absent when nobody could say
#   listener       PROTO ADDR PORT PROCESS PID, e.g. "tcp 0.0.0.0 22 sshd 611", "udp :: 123 - -"; blanks in names are _
#   port.range     FIRST LAST: where the kernel takes local ports of outgoing connections from
#   port.reserved  ports that it leaves out there, e.g. "30000-32767,6443"

# ss asks the kernel for listeners only; its tables below /proc are walked through all connections that there could be, and
# stand in where there is no ss. Whose a socket is costs ss a look at every process: it is only asked for that when one of
# the ports that the install will use (HAUI_PORTS, when that is known) is taken.
facts_ports() {
    look_at ports "$ROOT/proc/sys/net/ipv4/ip_local_port_range" "$ROOT/proc/sys/net/ipv4/ip_local_reserved_ports"
    if have ss && haui_rows=$(ports_ask "${HAUI_PORTS:-}"); then
        said ports
        printf '%s\n' "$haui_rows"
        said_all
    else
        look_at ports "$ROOT/proc/net/tcp" "$ROOT/proc/net/tcp6" "$ROOT/proc/net/udp" "$ROOT/proc/net/udp6"
    fi
}

# ports_ask PORTS: who listens, and with which process when PORTS is empty. For $(…).
ports_ask() {
    if [ -n "$1" ]; then
        exec ss -Hltun 2>/dev/null </dev/null
    fi
    exec ss -Hltunp 2>/dev/null </dev/null
}

# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
PORTS_ROWS='
    function ports_row(row,  word) {
        split(row, word, " ")
        if (word[3] !~ /^[0-9]+$/ || ports_told[row]++ || ports_count >= 2000) return
        ports_all[++ports_count] = row
        if (index(" " ENVIRON["HAUI_PORTS"] " ", " " word[3] " ")) ports_taken = 1
    }
    function ports_tell(  i) {
        for (i = 1; i <= ports_count; i++) tell("listener", ports_all[i])
        tell("listeners", ports_count + 0)
    }'

# Rows of /proc/net/tcp (Documentation/networking/proc_net_tcp.rst of Linux): listening sockets come first. Addresses are
# words of the machine; all that Kubernetes runs on but s390x has the low byte first.
# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
PORTS_READ='
    function ports_read(  proto, state, at) {
        if (own !~ /^\/proc\/net\//) {
            if (NF) tell(own ~ /range$/ ? "port.range" : "port.reserved", $0)
            return 1
        }
        ports_seen = 1
        if (line == 1) return 0
        proto = own ~ /tcp/ ? "tcp" : "udp"
        state = proto == "tcp" ? "0A" : "07"
        if ($4 != state) return proto == "tcp"
        at = index($2, ":")
        ports_row(proto " " ports_address(substr($2, 1, at - 1)) " " ports_number(substr($2, at + 1)) " - -")
        return 0
    }
    function ports_number(text,  value, i) {
        for (i = 1; i <= length(text); i++) value = value * 16 + index("0123456789ABCDEF", substr(text, i, 1)) - 1
        return value
    }
    function ports_address(text,  word, i, j, whole) {
        if (text ~ /^0+$/) return length(text) > 8 ? "*" : "0.0.0.0"
        for (i = 1; i <= length(text); i += 8) {
            word = substr(text, i, 8)
            for (j = 7; j >= 1; j -= 2)
                if (length(text) == 8) whole = whole "." ports_number(substr(word, j, 2))
                else whole = whole (j == 7 || j == 3 ? ":" : "") tolower(substr(word, j, 2))
        }
        return substr(whole, 2)
    }
    function ports_read_end() { if (ports_seen) ports_tell() }'
# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
PORTS_SAID='
    function ports_said(  port, address, process, pid) {
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
        ports_row($1 " " address " " port " " process " " pid)
    }
    function ports_end(  ask, asked) {
        if (ports_taken) {
            ask = "exec ss -Hltunp 2>/dev/null </dev/null"
            while ((ask | getline) > 0) {
                if (!asked++) { ports_count = 0; split("", ports_told) }
                ports_said()
            }
            close(ask)
        }
        ports_tell()
    }'

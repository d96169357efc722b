# shellcheck shell=sh
# Facts: who listens, and which ports the kernel hands out by itself.
#   listeners      how many sockets listen; absent when nobody could say
#   listener       PROTO ADDR PORT PROCESS PID, e.g. "tcp 0.0.0.0 22 sshd 611", "udp :: 123 - -"; blanks in names are _
#   port.range     FIRST LAST: where the kernel takes local ports of outgoing connections from
#   port.reserved  ports that it leaves out there, e.g. "30000-32767,6443"

facts_ports() {
    if have ss && haui_listeners=$(bounded 10 ss -Hltunp); then
        printf '%s\n' "$haui_listeners" | LC_ALL=C awk '
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
                if (port ~ /^[0-9]+$/ && !told[row]++ && count++ < 2000) print "listener\t" row
            }
            END { printf "listeners\t%d\n", count }'
    fi
    ports_setting port.range ip_local_port_range
    ports_setting port.reserved ip_local_reserved_ports
}

# ports_setting KEY NAME
ports_setting() {
    [ ! -r "$ROOT/proc/sys/net/ipv4/$2" ] || head -c 4000 "$ROOT/proc/sys/net/ipv4/$2" | fact_lines "$1"
}

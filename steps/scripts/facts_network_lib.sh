# shellcheck shell=sh
# haui: include facts_firewall_lib
# Facts: addresses, routes, names and the firewall (facts_firewall_lib) of one host.
#   link          IFACE STATE MTU MAC KIND, e.g. "eth0 UP 1500 52:54:00:12:34:56 -". STATE as `ip` says it (UP, DOWN,
#                 UNKNOWN, LOWERLAYERDOWN…); MAC - where there is none; KIND the kernel's word (bridge, veth, vxlan…),
#                 loopback, or - for hardware
#   link.speed    IFACE MBIT DUPLEX of the interface that holds the host's address, where the driver knows both
#   address       IFACE ADDR/PREFIX FLAGS; FLAGS is a list with commas: static or dynamic, and of secondary, deprecated,
#                 tentative, dadfailed, temporary, scope-link, scope-host
#   route4 route6 lines of `ip -4/-6 -o route show table all`; those of the table local come last, 1000 in all
#   resolver      KIND VALUE: "nameserver ADDR", "search DOMAIN…", "options WORD…", "file PATH" (what /etc/resolv.conf
#                 is), "upstream ADDR" (whom the stub of systemd-resolved asks)
#   dns.server    ADDR answers|unreachable|silent: whether that name server answers anything at all
#   dns.lookup    NAME found|none|timeout SECONDS: a name that the install will need (HAUI_LOOKUP)
#   own.name      ADDR: the addresses of the host's own name (uname -n)
#   nsswitch      the sources for names of hosts, e.g. "files dns"
#   vip.route     how the virtual address (HAUI_VIP) is reached
#   vip.holder    the link-layer address that answers for it, none when nobody does; absent when it was not asked for
#   vip.peer      ADDR MAC: the peers (HAUI_PEERS) and who answers for them, up to the holder of the virtual address;
#                 only where somebody answers for that
#   nm.unmanaged  lines of NetworkManager's configuration that name devices it leaves alone
#   networkd      KEY=VALUE of systemd-networkd's configuration about foreign routes and rules

ROOT=${HAUI_ROOT:-}

facts_network() {
    if have ip; then
        network_links
        network_addresses
        network_routes 4
        network_routes 6
        network_virtual_address
    fi
    network_resolver
    network_lookups
    network_managers
    facts_firewall
}

network_links() {
    bounded 5 ip -d -o link show | LC_ALL=C awk '
        BEGIN { FS = "\\" }
        {
            n = split($1, word, " ")
            name = word[2]; sub(/:$/, "", name); sub(/@.*/, "", name)
            state = "UNKNOWN"; mtu = mac = kind = "-"
            for (i = 3; i < n; i++) {
                if (word[i] == "mtu") mtu = word[i + 1]
                if (word[i] == "state") state = word[i + 1]
            }
            for (part = 2; part <= NF; part++) {
                split($part, word, " ")
                if (word[1] == "link/loopback") kind = "loopback"
                if (word[1] ~ /^link\//) { if (word[2] ~ /^[0-9a-f][0-9a-f](:[0-9a-f][0-9a-f])+$/ && word[2] ~ /[1-9a-f]/) mac = word[2] }
                else if (kind == "-" && word[1] ~ /^[a-z][a-z0-9_]*$/ && word[1] !~ /_slave$/ && word[1] !~ /^(altname|alias|vf)$/)
                    kind = word[1]
            }
            if (name != "" && NR <= 1000) printf "link\t%s %s %s %s %s\n", name, state, mtu, mac, kind
        }'
}

network_addresses() {
    haui_addresses=$(bounded 5 ip -o addr show)
    printf '%s\n' "$haui_addresses" | LC_ALL=C awk '
        $3 == "inet" || $3 == "inet6" {
            address = $4; flags = "static"
            for (i = 5; i <= NF; i++) {
                last = sub(/\\+$/, "", $i)
                if ($i == "peer") { if (address !~ /\//) address = address ($3 == "inet" ? "/32" : "/128") }
                if ($i == "scope" && ($(i + 1) == "link" || $(i + 1) == "host")) more = more ",scope-" $(i + 1)
                if ($i == "dynamic") flags = "dynamic"
                if ($i ~ /^(secondary|deprecated|tentative|dadfailed|temporary)$/) more = more "," $i
                if (last) break
            }
            if (address !~ /\//) address = address ($3 == "inet" ? "/32" : "/128")
            if (NR <= 1000) printf "address\t%s %s %s%s\n", $2, address, flags, more
            more = ""
        }'
    [ -n "${HAUI_ADDRESS:-}" ] || return 0
    haui_device=$(printf '%s\n' "$haui_addresses" |
        awk -v want="$HAUI_ADDRESS" '{ split($4, a, "/"); if (a[1] == want) { print $2; exit } }')
    haui_speed='' haui_duplex=''
    { read -r haui_speed <"$ROOT/sys/class/net/$haui_device/speed"; } 2>/dev/null || :
    { read -r haui_duplex <"$ROOT/sys/class/net/$haui_device/duplex"; } 2>/dev/null || :
    case $haui_speed:$haui_duplex in
        *[!0-9]*:* | :*) ;;
        *:half | *:full) printf 'link.speed\t%s %s %s\n' "$haui_device" "$haui_speed" "$haui_duplex" ;;
    esac
}

# network_routes 4|6
network_routes() {
    bounded 5 ip "-$1" -o route show table all | LC_ALL=C awk -v key="route$1" '
        / table local / || /^local / || /^broadcast / || /^multicast / || /^anycast / { if (own < 1000) local[++own] = $0; next }
        NF && told < 1000 { gsub(/[\t\\ ]+/, " "); told++; printf "%s\t%s\n", key, substr($0, 1, 400) }
        END { for (i = 1; i <= own && told < 1000; i++) { told++; gsub(/[\t\\ ]+/, " ", local[i]); printf "%s\t%s\n", key, substr(local[i], 1, 400) } }'
}

# neighbour ADDRESS: the link-layer address that answers for it.
neighbour() {
    haui_asked=0
    while [ "$haui_asked" -lt 12 ]; do
        haui_asked=$((haui_asked + 1))
        # Any packet makes the kernel ask; ping may be missing.
        if have ping; then
            bounded 3 ping -c 1 -W 1 "$1" >/dev/null && haui_asked=12
        else
            # shellcheck disable=SC2016  # for that bash
            bounded 2 bash -c 'echo >"/dev/udp/$1/9"; sleep 1' - "$1" || :
        fi
        haui_entry=$(bounded 3 ip neigh show "$1" | head -n 1)
        # What the kernel remembers may be of a host that is gone; it asks that again, in about 8 s.
        case $haui_entry in *STALE* | *DELAY* | *PROBE*) ;; *) break ;; esac
    done
    printf '%s\n' "$haui_entry" | sed -n 's/.* lladdr \([^ ]*\).*/\1/p'
}

network_virtual_address() {
    [ -n "${HAUI_VIP:-}" ] || return 0
    haui_route=$(timeout -k 1 3 ip -o route get "$HAUI_VIP" 2>&1 </dev/null | head -n 1)
    printf '%s\n' "$haui_route" | fact_lines vip.route
    case $haui_route in
        local* | *" via "* | *[Ee]rror* | *nreachable*) return 0 ;;
    esac
    have ping || have bash || return 0
    haui_holder=$(neighbour "$HAUI_VIP")
    printf 'vip.holder\t%s\n' "${haui_holder:-none}"
    [ -n "$haui_holder" ] || return 0
    for haui_peer in ${HAUI_PEERS:-}; do
        haui_mac=$(neighbour "$haui_peer")
        printf 'vip.peer\t%s %s\n' "$haui_peer" "$haui_mac"
        [ "$haui_mac" != "$haui_holder" ] || break
    done
}

network_resolver() {
    haui_file=$(bounded 2 readlink -f "$ROOT/etc/resolv.conf" || :)
    [ -z "$haui_file" ] || printf 'resolver\tfile %s\n' "${haui_file#"$ROOT"}"
    [ ! -r "$ROOT/etc/resolv.conf" ] || head -c 16384 "$ROOT/etc/resolv.conf" | network_resolver_lines nameserver
    haui_file=$ROOT/run/systemd/resolve/resolv.conf
    [ ! -r "$haui_file" ] || head -c 16384 "$haui_file" | network_resolver_lines upstream
    [ ! -r "$ROOT/etc/nsswitch.conf" ] ||
        sed -n 's/^[ 	]*hosts:[ 	]*//p' "$ROOT/etc/nsswitch.conf" | head -n 1 | fact_lines nsswitch
}

# network_resolver_lines nameserver|upstream: the lines of a resolv.conf.
network_resolver_lines() {
    LC_ALL=C awk -v kind="$1" '
        $1 == "nameserver" && $2 ~ /^[0-9a-fA-F:.%a-z]+$/ { printf "resolver\t%s %s\n", kind, $2 }
        # The last of them counts.
        kind == "nameserver" && ($1 == "search" || $1 == "domain") { $1 = "search"; search = $0 }
        kind == "nameserver" && $1 == "options" { print "resolver\t" $0 }
        END { if (search != "") print "resolver\t" search }'
}

# Asks for the name servers of the root, and takes any answer, also a refusal, for a sign of life.
# shellcheck disable=SC2016  # for that bash
DNS_QUESTION='
exec 3<>"/dev/udp/$1/53" || exit 4
for try in 1 2; do
    printf "\x68\x75\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01" >&3 || exit 4
    timeout 1.5 dd bs=512 count=1 <&3 2>/dev/null | grep -q . && exit 0
    [ "${PIPESTATUS[0]}" = 124 ] || exit 4
done
exit 5'

network_lookups() {
    # All at once: dead servers cost their time only once.
    {
        if have bash && [ -r "$ROOT/etc/resolv.conf" ]; then
            for haui_server in $(awk '$1 == "nameserver" && $2 ~ /^[0-9a-f:.]+$/ { print $2 }' "$ROOT/etc/resolv.conf" | head -n 3); do
                network_server "$haui_server" &
            done
        fi
        network_lookup &
        network_own_name &
        wait
    }
}

network_server() {
    haui_status=0
    bounded 5 bash -c "$DNS_QUESTION" - "$1" >/dev/null || haui_status=$?
    case $haui_status in
        0) printf 'dns.server\t%s answers\n' "$1" ;;
        4) printf 'dns.server\t%s unreachable\n' "$1" ;;
        *) printf 'dns.server\t%s silent\n' "$1" ;;
    esac
}

network_lookup() {
    [ -n "${HAUI_LOOKUP:-}" ] && have getent || return 0
    haui_begin=$(now)
    haui_status=0
    bounded 8 getent ahosts "$HAUI_LOOKUP" >/dev/null || haui_status=$?
    case $haui_status in
        0) haui_status=found ;;
        2) haui_status=none ;;
        *) haui_status=timeout ;;
    esac
    printf 'dns.lookup\t%s %s %s\n' "$HAUI_LOOKUP" "$haui_status" \
        "$(awk -v a="$haui_begin" -v b="$(now)" 'BEGIN { printf "%.3f", b - a }')"
}

network_own_name() {
    have getent || return 0
    bounded 6 getent ahosts "$(uname -n)" | awk '!told[$1]++ && NR <= 100 { printf "own.name\t%s\n", $1 }'
}

network_managers() {
    for haui_file in "$ROOT"/etc/NetworkManager/NetworkManager.conf "$ROOT"/etc/NetworkManager/conf.d/*.conf \
        "$ROOT"/usr/lib/NetworkManager/conf.d/*.conf "$ROOT"/run/NetworkManager/conf.d/*.conf; do
        [ ! -f "$haui_file" ] || sed -n 's/^[ 	]*unmanaged-devices[+]*=//p' "$haui_file" | fact_lines nm.unmanaged
    done
    for haui_file in "$ROOT"/etc/systemd/networkd.conf "$ROOT"/etc/systemd/networkd.conf.d/*.conf \
        "$ROOT"/usr/lib/systemd/networkd.conf.d/*.conf; do
        [ ! -f "$haui_file" ] || sed -n 's/^[ 	]*\(ManageForeignRout[a-zA-Z]*\)[ 	]*=[ 	]*/\1=/p' "$haui_file" | fact_lines networkd
    done
}

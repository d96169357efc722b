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
#   fqdn          what the resolver makes of that name, as hostname -f tells it
#   endpoint.asked   yes: whether the host could look for the endpoint's name (HAUI_ENDPOINT_NAME)
#   endpoint.name    ADDR: its addresses, as the host finds them
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
        network_tables
        network_virtual_address
    fi
    network_resolver
    network_lookups
    facts_firewall
}

# Links, addresses and routes. Not bounded: ip asks nobody but the kernel, and in what could hold that up it can't be killed.
network_tables() {
    {
        echo '= link'
        ip -d -o link show
        echo '= address'
        ip -o addr show
        echo '= route4'
        ip -4 -o route show table all
        echo '= route6'
        ip -6 -o route show table all
    } 2>/dev/null </dev/null | LC_ALL=C awk -v want="${HAUI_ADDRESS:-}" -v net="$ROOT/sys/class/net/" '
        $1 == "=" && NF == 2 {
            locals()
            part = $2; rows = 0
            next
        }
        part == "link" { if (rows++ < 1000) link() }
        part == "address" && rows++ < 1000 && ($3 == "inet" || $3 == "inet6") { address() }
        part ~ /^route/ {
            if (/ table local / || /^local / || /^broadcast / || /^multicast / || /^anycast /) {
                if (own < 1000) local[++own] = $0
            } else if (NF && rows < 1000) route($0)
        }
        END {
            locals()
            if (held != "") speed()
        }
        # An interface without a link has no speed.
        function speed(  mbit, duplex) {
            if ((getline mbit < (net held "/speed")) > 0 && (getline duplex < (net held "/duplex")) > 0)
                if (mbit ~ /^[0-9]+$/ && (duplex == "full" || duplex == "half")) printf "link.speed\t%s %s %s\n", held, mbit, duplex
        }
        function route(text) {
            rows++
            gsub(/[\t\\ ]+/, " ", text)
            printf "%s\t%s\n", part, substr(text, 1, 400)
        }
        # Those of the table local come last.
        function locals(  i) {
            for (i = 1; i <= own && rows < 1000; i++) route(local[i])
            own = 0
        }
        function link(  pieces, piece, n, i, p, name, state, mtu, mac, kind, word) {
            pieces = split($0, piece, /\\/)
            n = split(piece[1], word, " ")
            name = word[2]; sub(/:$/, "", name); sub(/@.*/, "", name)
            state = "UNKNOWN"; mtu = mac = kind = "-"
            for (i = 3; i < n; i++) {
                if (word[i] == "mtu") mtu = word[i + 1]
                if (word[i] == "state") state = word[i + 1]
            }
            for (p = 2; p <= pieces; p++) {
                split(piece[p], word, " ")
                if (word[1] == "link/loopback") kind = "loopback"
                if (word[1] ~ /^link\//) { if (word[2] ~ /^[0-9a-f][0-9a-f](:[0-9a-f][0-9a-f])+$/ && word[2] ~ /[1-9a-f]/) mac = word[2] }
                else if (kind == "-" && word[1] ~ /^[a-z][a-z0-9_]*$/ && word[1] !~ /_slave$/ && word[1] !~ /^(altname|alias|vf)$/)
                    kind = word[1]
            }
            if (name != "") printf "link\t%s %s %s %s %s\n", name, state, mtu, mac, kind
        }
        function address(  at, flags, more, i, last, bare) {
            at = $4; flags = "static"
            for (i = 5; i <= NF; i++) {
                last = sub(/\\+$/, "", $i)
                if ($i == "scope" && ($(i + 1) == "link" || $(i + 1) == "host")) more = more ",scope-" $(i + 1)
                if ($i == "dynamic") flags = "dynamic"
                if ($i ~ /^(secondary|deprecated|tentative|dadfailed|temporary)$/) more = more "," $i
                if (last) break
            }
            if (at !~ /\//) at = at ($3 == "inet" ? "/32" : "/128")
            printf "address\t%s %s %s%s\n", $2, at, flags, more
            split(at, bare, "/")
            if (want != "" && bare[1] == want && held == "") held = $2
        }'
}

# neighbour ADDRESS: the link-layer address that answers for it.
neighbour() {
    haui_entry=$(ask_neighbour "$1")
    case $haui_entry in
        *' lladdr '*' answered') ;;
        *' lladdr '*)
            # What the kernel remembers may be of a host that is gone: let it ask anew.
            bounded 3 ip neigh flush to "$1" >/dev/null || :
            haui_entry=$(ask_neighbour "$1")
            ;;
    esac
    case $haui_entry in *' lladdr '*) ;; *) return 0 ;; esac
    haui_entry=${haui_entry#* lladdr }
    printf '%s' "${haui_entry%% *}"
}

# ask_neighbour ADDRESS: what the kernel knows of it after it had a packet for it, and `answered` when it came back.
ask_neighbour() {
    haui_answered=
    # Any packet makes the kernel ask; ping may be missing.
    if have ping; then
        ! bounded 3 ping -c 1 -W 1 "$1" >/dev/null || haui_answered=answered
    elif have bash; then
        # shellcheck disable=SC2016  # for that bash
        bounded 2 bash --norc -c 'echo >"/dev/udp/$1/9"; sleep 1' - "$1" || :
    fi
    printf '%s %s' "$(bounded 3 ip neigh show "$1" | head -n 1)" "$haui_answered"
}

network_virtual_address() {
    [ -n "${HAUI_VIP:-}" ] || return 0
    haui_route=$(ip -o route get "$HAUI_VIP" 2>&1 </dev/null)
    haui_route=${haui_route%%"$HAUI_NEWLINE"*}
    [ -z "$haui_route" ] || fact vip.route "$haui_route"
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

# What files say of names, and of who else changes interfaces.
network_resolver() {
    haui_file=$ROOT/etc/resolv.conf
    if [ -L "$haui_file" ]; then
        haui_file=$(become_bounded 2 readlink -f "$haui_file")
    fi
    { [ -z "$haui_file" ] || [ ! -e "$haui_file" ]; } || fact resolver "file ${haui_file#"$ROOT"}"
    set --
    for haui_file in "$ROOT"/etc/resolv.conf "$ROOT"/run/systemd/resolve/resolv.conf "$ROOT"/etc/nsswitch.conf \
        "$ROOT"/etc/NetworkManager/NetworkManager.conf "$ROOT"/etc/NetworkManager/conf.d/*.conf \
        "$ROOT"/usr/lib/NetworkManager/conf.d/*.conf "$ROOT"/run/NetworkManager/conf.d/*.conf \
        "$ROOT"/etc/systemd/networkd.conf "$ROOT"/etc/systemd/networkd.conf.d/*.conf \
        "$ROOT"/usr/lib/systemd/networkd.conf.d/*.conf; do
        if [ -f "$haui_file" ] && [ -r "$haui_file" ]; then set -- "$@" "$haui_file"; fi
    done
    haui_servers=
    [ $# -gt 0 ] || return 0
    haui_rows=$(network_files "$@")
    [ -z "$haui_rows" ] || printf '%s\n' "$haui_rows"
    haui_servers=$haui_rows
}

network_files() {
    LC_ALL=C awk -v root="$ROOT" '
        function tell(key, value) { gsub(/[\t\r]+/, " ", value); printf "%s\t%s\n", key, substr(value, 1, 4000) }
        FNR == 1 {
            searched()
            file = substr(FILENAME, length(root) + 1)
            kind = file == "/etc/resolv.conf" ? "nameserver" : file ~ /\/resolv\.conf$/ ? "upstream" : ""
        }
        FNR > 2000 { next }
        kind != "" {
            if ($1 == "nameserver" && $2 ~ /^[0-9a-fA-F:.%a-z]+$/) tell("resolver", kind " " $2)
            if (kind != "nameserver") next
            # The last of them counts.
            if ($1 == "search" || $1 == "domain") { $1 = "search"; search = $0 }
            if ($1 == "options") tell("resolver", $0)
            next
        }
        file == "/etc/nsswitch.conf" { if (sub(/^[ \t]*hosts:[ \t]*/, "") && !sources++ && NF) tell("nsswitch", $0); next }
        file ~ /NetworkManager/ { if (sub(/^[ \t]*unmanaged-devices[+]*=/, "") && NF) tell("nm.unmanaged", $0); next }
        match($0, /^[ \t]*ManageForeignRout[a-zA-Z]*[ \t]*=/) {
            name = substr($0, 1, RLENGTH - 1)
            value = substr($0, RLENGTH + 1)
            gsub(/[ \t]/, "", name)
            sub(/^[ \t]+/, "", value)
            tell("networkd", name "=" value)
        }
        END { searched() }
        function searched() { if (search != "") tell("resolver", search); search = "" }' "$@" 2>/dev/null
}

# Asks for the name servers of the root, and takes any answer, also a refusal, for a sign of life: it begins with the same
# two letters as the question. Every wait is limited.
# shellcheck disable=SC2016  # for that bash
DNS_QUESTION='
exec 3<>"/dev/udp/$1/53" || exit 4
for try in 1 2; do
    printf "\x68\x75\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x01" >&3 || exit 4
    read -r -t 1.5 -n 1 -u 3 && exit 0
    [ $? -gt 128 ] || exit 4
done
exit 5'

network_lookups() {
    # All at once: dead servers cost their time only once.
    haui_count=0
    if have bash; then
        while read -r _ haui_kind haui_server; do
            case $haui_kind:$haui_server in
                nameserver:*[!0-9a-f:.]*) ;;
                nameserver:?*)
                    [ "$haui_count" -ge 3 ] || network_server "$haui_server" &
                    haui_count=$((haui_count + 1))
                    ;;
            esac
        done <<EOF
$haui_servers
EOF
    fi
    if have getent; then
        [ -z "${HAUI_LOOKUP:-}" ] || network_lookup &
        network_own_name &
        [ -z "${HAUI_ENDPOINT_NAME:-}" ] || network_endpoint_name &
    fi
    wait
}

network_server() {
    haui_status=0
    # Below sshd even this bash would run root's ~/.bashrc.
    bash --norc -c "$DNS_QUESTION" - "$1" >/dev/null 2>&1 </dev/null || haui_status=$?
    case $haui_status in
        0) fact dns.server "$1 answers" ;;
        4) fact dns.server "$1 unreachable" ;;
        *) fact dns.server "$1 silent" ;;
    esac
}

# ticks: sets haui_ticks, hundredths of a second on a clock that nobody sets.
ticks() {
    read -r haui_ticks _ </proc/uptime
    haui_ticks=${haui_ticks%.*}${haui_ticks#*.}
}

network_lookup() {
    ticks
    haui_begin=$haui_ticks
    haui_status=0
    bounded 8 getent ahosts "$HAUI_LOOKUP" >/dev/null || haui_status=$?
    case $haui_status in
        0) haui_status=found ;;
        2) haui_status=none ;;
        *) haui_status=timeout ;;
    esac
    ticks
    haui_ticks=$((haui_ticks - haui_begin))
    printf 'dns.lookup\t%s %s %d.%02d0\n' "$HAUI_LOOKUP" "$haui_status" $((haui_ticks / 100)) $((haui_ticks % 100))
}

network_own_name() {
    kernel_names
    haui_found=$(become_bounded 6 getent ahosts "${haui_node:-}")
    fact_addresses own.name "$haui_found"
    # Only the first line has the name: "10.0.0.11 STREAM cp1.lan".
    haui_found=${haui_found%%"$HAUI_NEWLINE"*}
    case $haui_found in
        *" STREAM "?*) fact fqdn "${haui_found##* }" ;;
    esac
}

network_endpoint_name() {
    haui_status=0
    haui_found=$(become_bounded 6 getent ahosts "$HAUI_ENDPOINT_NAME") || haui_status=$?
    # 2: nobody knows the name. Anything else is no answer, as when the name servers are silent.
    case $haui_status in
        0 | 2) fact endpoint.asked yes ;;
        *) return 0 ;;
    esac
    fact_addresses endpoint.name "$haui_found"
}

# shellcheck shell=sh
# haui: include facts_firewall_lib facts_names_lib
# Facts: addresses and routes of one host; names are in facts_names_lib, the firewall in facts_firewall_lib.
#   link          IFACE STATE MTU MAC KIND, e.g. "eth0 UP 1500 52:54:00:12:34:56 -". STATE as `ip` says it (UP, DOWN,
#                 UNKNOWN, LOWERLAYERDOWN…); MAC - where there is none; KIND the kernel's word (bridge, veth, vxlan…),
#                 loopback, or - for hardware
#   link.speed    IFACE MBIT DUPLEX of the interface that holds the host's address, where the driver knows both
#   address       IFACE ADDR/PREFIX FLAGS; FLAGS is a list with commas: static or dynamic, and of secondary, deprecated,
#                 tentative, dadfailed, temporary, scope-link, scope-host
#   route4 route6 lines of `ip -4/-6 -o route show table all`; those of the table local come last, 1000 in all
#   vip.route     how the virtual address (HAUI_VIP) is reached
#   vip.holder    the link-layer address that answers for it, none when nobody does; absent when it was not asked for
#   vip.peer      ADDR MAC: the peers (HAUI_PEERS) and who answers for them, up to the holder of the virtual address;
#                 only where somebody answers for that

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

# network_batch: what one ip says of the way to the virtual address, links, addresses and routes; lines about the link lo
# part them, but for its own among the links. A root of a family lists all routes of that family. The kinds of links need
# -d; what that adds to routes is left out again. For $(…).
network_batch() {
    exec ip -d -o -force -batch - <<EOF
${HAUI_VIP:+route get $HAUI_VIP}
link show dev lo
link show
link show dev lo
addr show
link show dev lo
route show table all root 0.0.0.0/0
link show dev lo
route show table all root ::/0
EOF
}

# Links, addresses and routes. Not bounded: ip asks nobody but the kernel, and in what could hold that up it can't be killed.
network_tables() {
    network_said=$(network_batch 2>/dev/null)
    said network
    printf '%s\n' "$network_said"
    said_all
    network_speed
}

# network_speed: of the interface that holds the host's address. One without a link has none.
network_speed() {
    firewall_device
    haui_folder=$ROOT/sys/class/net/$haui_device
    [ -n "$haui_device" ] && [ -r "$haui_folder/speed" ] || return 0
    { read -r haui_speed <"$haui_folder/speed" && read -r haui_duplex <"$haui_folder/duplex"; } 2>/dev/null || return 0
    case $haui_speed:$haui_duplex in
        *[!0-9]*:* | :*) ;;
        *:full | *:half) fact link.speed "$haui_device $haui_speed $haui_duplex" ;;
    esac
}

# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
NETWORK_SAID='
    BEGIN { network_part = "get"; split("link address route4 route6", network_parts, " ") }
    function network_said() {
        if ($2 == "lo:" && (network_part != "link" || network_lo++)) {
            network_locals()
            network_part = network_parts[++network_seen]; network_rows = 0
        } else if (network_part == "get") {
            if (NF && !network_rows++) tell("vip.route", network_plain($0))
        } else if (network_part == "link") {
            if (network_rows++ < 1000) network_link()
        } else if (network_part == "address") {
            if (network_rows++ < 1000 && ($3 == "inet" || $3 == "inet6")) network_address()
        } else if (network_part ~ /^route/) {
            if (/ table local / || /^local / || /^broadcast / || /^multicast / || /^anycast /) {
                if (network_own < 1000) network_local[++network_own] = $0
            } else if (NF && network_rows < 1000) network_route($0)
        }
    }
    function network_end() { network_locals() }
    function network_route(text) {
        network_rows++
        tell(network_part, network_plain(text))
    }
    # A route without what -d adds.
    function network_plain(text) {
        gsub(/[\t\\ ]+/, " ", text)
        sub(/^unicast /, "", text)
        sub(/ table main( |$)/, " ", text)
        sub(/ proto boot( |$)/, " ", text)
        sub(/ scope global( |$)/, " ", text)
        return substr(text, 1, 400)
    }
    # Those of the table local come last.
    function network_locals(  i) {
        for (i = 1; i <= network_own && network_rows < 1000; i++) network_route(network_local[i])
        network_own = 0
    }
    function network_link(  pieces, piece, n, i, p, name, state, mtu, mac, kind, word) {
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
        if (name != "") tell("link", name " " state " " mtu " " mac " " kind)
    }
    function network_address(  at, flags, more, i, last) {
        at = $4; flags = "static"
        for (i = 5; i <= NF; i++) {
            last = sub(/\\+$/, "", $i)
            if ($i == "scope" && ($(i + 1) == "link" || $(i + 1) == "host")) more = more ",scope-" $(i + 1)
            if ($i == "dynamic") flags = "dynamic"
            if ($i ~ /^(secondary|deprecated|tentative|dadfailed|temporary)$/) more = more "," $i
            if (last) break
        }
        if (at !~ /\//) at = at ($3 == "inet" ? "/32" : "/128")
        tell("address", $2 " " at " " flags more)
    }'

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
    # The first line, which is told with the links; from the front, as a shell cuts long texts from their end in time that
    # grows with the square.
    haui_route=${network_said%%"$HAUI_NEWLINE"*}
    case $haui_route in
        *": lo: "* | '')
            # Why there is none.
            haui_route=$(ip -o route get "$HAUI_VIP" 2>&1 </dev/null)
            haui_route=${haui_route%%"$HAUI_NEWLINE"*}
            [ -z "$haui_route" ] || fact vip.route "$haui_route"
            ;;
    esac
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

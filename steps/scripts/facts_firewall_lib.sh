# shellcheck shell=sh
# Facts: what filters packets that come in. Nothing is loaded into the kernel for this.
#   firewall       firewalld ZONE TARGET   (of the interface that holds the host's address)
#                  ufw INCOMING ROUTED     (the defaults: allow, deny, reject or disabled)
#   firewall.open  "PORT/tcp", "PORT-PORT/udp" or "protocol NAME", each perhaps with " from CIDR"; "source CIDR": what that
#                  tool lets in; "forward from CIDR" or "forward to CIDR": what it passes on
#   firewall.asked yes when the kernel's own rules were listed, or there can be none; else no
#   firewall.rule  FAMILY TABLE CHAIN: LINE, the chains at the input hook as nft lists them, or iptables -S without nft

facts_firewall() {
    firewall_firewalld
    firewall_ufw
    firewall_nft
    firewall_legacy
}

firewall_firewalld() {
    have firewall-cmd && [ "$(become_bounded 10 firewall-cmd --state)" = running ] || return 0
    haui_zone=
    firewall_device
    [ -z "$haui_device" ] || haui_zone=$(become_bounded 10 firewall-cmd "--get-zone-of-interface=$haui_device" || :)
    [ -n "$haui_zone" ] || haui_zone=$(become_bounded 10 firewall-cmd --get-default-zone)
    bounded 10 firewall-cmd "--zone=$haui_zone" --list-all | LC_ALL=C awk -v zone="$haui_zone" '
        $1 == "target:" { printf "firewall\tfirewalld %s %s\n", zone, $2 }
        $1 == "ports:" { for (i = 2; i <= NF; i++) printf "firewall.open\t%s\n", $i }
        $1 == "protocols:" { for (i = 2; i <= NF; i++) printf "firewall.open\tprotocol %s\n", $i }
        $1 == "rule" && / accept$/ { rich() }
        function rich(  from, i, part) {
            for (i = 2; i <= NF; i++) {
                split($i, part, "\"")
                if ($i !~ /^(family|address|port|protocol|value)="[^"]*"$/ && $i !~ /^(source|port|protocol|accept)$/) return
                if ($i ~ /^address=/) from = " from " part[2]
                if ($i ~ /^port=/) ports = part[2]
                if ($i ~ /^protocol=/) printf "firewall.open\t%s/%s%s\n", ports, part[2], from
                if ($i ~ /^value=/) printf "firewall.open\tprotocol %s%s\n", part[2], from
            }
        }
        $1 == "services:" { for (i = 2; i <= NF; i++) service($i) }
        function service(name) {
            if (name == "kube-apiserver") print "firewall.open\t6443/tcp"
            if (name == "kubelet" || name == "kube-worker") print "firewall.open\t10250/tcp"
            if (name == "etcd-client") print "firewall.open\t2379/tcp"
            if (name == "etcd-server") print "firewall.open\t2380/tcp"
            if (name == "http") print "firewall.open\t80/tcp"
            if (name == "https") print "firewall.open\t443/tcp"
        }'
    # What haui has added for packets to pods, see firewall_firewalld_lib.
    bounded 10 firewall-cmd --policy=haui-pods --list-rich-rules | sed -n 's/^rule .*source address="\([^"]*\)" destination .*/forward from \1/p' |
        fact_lines firewall.open
    bounded 10 firewall-cmd --zone=trusted --list-sources | tr ' ' '\n' | sed -n 's/^\([0-9a-f:./]\{1,\}\)$/source \1/p' |
        fact_lines firewall.open
}

# firewall_device: sets haui_device, the interface that holds the host's address, by network_said of facts_network_lib.
firewall_device() {
    haui_device=
    [ -n "${HAUI_ADDRESS:-}" ] || return 0
    for haui_line in "inet $HAUI_ADDRESS/" "inet $HAUI_ADDRESS " "inet6 $HAUI_ADDRESS/"; do
        case ${network_said:-} in
            *" $haui_line"*) haui_line=${network_said%%" $haui_line"*} ;;
            *) continue ;;
        esac
        haui_line=${haui_line##*"$HAUI_NEWLINE"}
        haui_line=${haui_line#*: }
        haui_device=${haui_line%% *}
        return 0
    done
}

firewall_ufw() {
    have ufw || return 0
    # ufw itself is slow, and changes nothing but reads the same files.
    [ -r "$ROOT/etc/ufw/ufw.conf" ] && grep -qi '^ENABLED=yes' "$ROOT/etc/ufw/ufw.conf" || return 0
    bounded 15 ufw status verbose | LC_ALL=C awk -v own="${HAUI_ADDRESS:-}" '
        /^Status: active/ { active = 1 }
        $1 == "Default:" && active {
            incoming = routed = "deny"
            for (i = 2; i < NF; i++) {
                if ($(i + 1) == "(incoming),") incoming = $i
                if ($(i + 1) == "(routed)") routed = $i
            }
            printf "firewall\tufw %s %s\n", incoming, routed
        }
        { sub(/ *# .*$/, ""); gsub(/ \(v6\)/, "") }
        # Rules for one interface or one address of several are left out.
        NF != 4 || $2 != "ALLOW" || $4 !~ /^(Anywhere|[0-9a-f:.]+(\/[0-9]+)?(\/vrrp)?)$/ { next }
        { from = $4 == "Anywhere" ? "" : $4 }
        $3 == "FWD" && $1 == "Anywhere" { print "firewall.open\tforward from " (from == "" ? "0.0.0.0/0" : from) }
        $3 == "FWD" && $1 ~ /^[0-9a-f:.\/]+$/ && from == "" { print "firewall.open\tforward to " $1 }
        $3 != "IN" { next }
        sub(/\/vrrp$/, "", from) { if ($1 == "Anywhere") print "firewall.open\tprotocol vrrp from " from; next }
        ($1 == "Anywhere" || $1 == own) && from != "" { print "firewall.open\tsource " from; next }
        $1 !~ /^[0-9,:]+(\/(tcp|udp))?$/ { next }
        {
            n = split($1, side, "/")
            m = split(side[1], port, ",")
            for (i = 1; i <= m; i++) {
                sub(/:/, "-", port[i])
                if (n == 1 || side[2] == "tcp") printf "firewall.open\t%s/tcp%s\n", port[i], from == "" ? "" : " from " from
                if (n == 1 || side[2] == "udp") printf "firewall.open\t%s/udp%s\n", port[i], from == "" ? "" : " from " from
            }
        }' | sort -u
}

# nft_idle: nf_tables is a module that nobody has loaded yet; asking would load it.
nft_idle() {
    [ ! -d "$ROOT/sys/module/nf_tables" ] || return 1
    kernel_names
    for haui_module in "$ROOT/lib/modules/${haui_release:-}"/kernel/net/netfilter/nf_tables.ko*; do
        [ ! -e "$haui_module" ] || return 0
    done
    return 1
}

# nft_ask: sets haui_nft (idle, none, failed or told) and haui_chains, what nft lists then. Asked for once.
nft_ask() {
    [ -z "${haui_nft:-}" ] || return 0
    haui_chains=
    if nft_idle; then
        haui_nft=idle
    elif ! have nft; then
        haui_nft=none
    elif haui_chains=$(nft list chains 2>/dev/null </dev/null); then
        haui_nft=told
    else
        haui_nft=failed
        haui_chains=
    fi
}

firewall_nft() {
    nft_ask
    case $haui_nft in
        idle | told) fact firewall.asked yes ;;
        failed) fact firewall.asked no ;;
        none)
            if have iptables && have ip6tables; then
                fact firewall.asked yes
                firewall_chain ip iptables
                firewall_chain ip6 ip6tables
            else
                fact firewall.asked no
            fi
            ;;
    esac
    case $haui_chains in
        *"hook input"*) ;;
        *) return 0 ;;
    esac
    printf '%s\n' "$haui_chains" | LC_ALL=C awk '
        $1 == "table" { family = $2; table = $3 }
        $1 == "chain" { chain = $2 }
        /hook input/ && /type filter/ && family ~ /^(ip|ip6|inet)$/ && told++ < 8 { print family, table, chain }' |
        while read -r haui_family haui_table haui_chain; do
            bounded 10 nft list chain "$haui_family" "$haui_table" "$haui_chain" |
                LC_ALL=C awk -v where="$haui_family $haui_table $haui_chain" '
                    $1 == "table" || $1 == "chain" || NF == 0 || (rule == "" && $1 == "}") { next }
                    # A long set is broken into several lines.
                    { rule = rule $0; opened = gsub(/{/, "{", rule); if (gsub(/}/, "}", rule) < opened) next; $0 = rule; rule = "" }
                    told++ < 60 { gsub(/[\t ]+/, " "); sub(/^ /, ""); printf "firewall.rule\t%s: %s\n", where, substr($0, 1, 600) }'
        done
}

firewall_legacy() {
    for haui_family in ip ip6; do
        [ -r "$ROOT/proc/net/${haui_family}_tables_names" ] || continue
        while read -r haui_table; do
            [ "$haui_table" = filter ] || continue
            haui_tool=${haui_family}tables-legacy
            have "$haui_tool" || haui_tool=${haui_family}tables
            ! have "$haui_tool" || firewall_chain "$haui_family" "$haui_tool"
            break
        done <"$ROOT/proc/net/${haui_family}_tables_names"
    done
}

# firewall_chain FAMILY COMMAND: the chain INPUT as that iptables lists it.
firewall_chain() {
    bounded 10 "$2" -w 3 -S INPUT | head -n 60 | sed "s/^/$1 filter INPUT: /" | fact_lines firewall.rule
}

# shellcheck shell=sh
# Rules of firewalld, an item a line with tabs: port ZONE PORT/PROTO · rich ZONE RULE · source ZONE NETWORK · policy NAME
# RULE. They are set twice, for now and for after a restart: --reload would do it at once, but it throws away what others
# have set for now only, and flushes iptables with the rules of kube-proxy and of the pod network.
# firewalld's rules bear no comments, so what haui has added stands in $FIREWALLD_OURS.

FIREWALLD_OURS=${HAUI_ROOT:-}/var/lib/haui/firewall/firewalld
FIREWALLD_POLICY=haui-pods

# fw OPTION…: firewall-cmd, which reads from nobody.
fw() {
    firewall-cmd "$@" </dev/null
}

# firewalld_ask: writes what is open now and after a restart as items to $HAUI_INPUTS/now and later; each call of
# firewall-cmd costs a third of a second, so there are few.
firewalld_ask() {
    {
        fw --list-all-zones >"$HAUI_INPUTS/zones-now"
        fw --permanent --list-all-zones >"$HAUI_INPUTS/zones-later"
        fw --list-all-policies >"$HAUI_INPUTS/policies-now"
        fw --permanent --list-all-policies >"$HAUI_INPUTS/policies-later"
    } || die "firewalld does not tell its rules" "look at: firewall-cmd --list-all-zones"
    for when in now later; do
        awk -v policies="$HAUI_INPUTS/policies-$when" '
            function item(kind, what) {
                printf "%s\t%s\t%s\n", kind, where, what
            }
            /^[^ \t]/ { where = $1; rich = 0 }
            /^  [a-z]/ { rich = $1 == "rich" }
            rich && $1 == "rule" { sub(/^[ \t]+/, ""); item(FILENAME == policies ? "policy" : "rich", $0) }
            $1 == "ports:" { for (i = 2; i <= NF; i++) item("port", $i) }
            $1 == "sources:" { for (i = 2; i <= NF; i++) item("source", $i) }
            # awk takes an empty first file for none.
            END { print "" }' "$HAUI_INPUTS/zones-$when" "$HAUI_INPUTS/policies-$when" >"$HAUI_INPUTS/$when"
    done
}

# firewalld_zones: where packets of others arrive: the zone of the interface with the host's address, that of the
# endpoint's, and zones that take packets by their source before any interface is asked. Not those that let in all.
firewalld_zones() {
    {
        for device in $(interface_of "$HAUI_ADDRESS") ${HAUI_INTERFACE:-}; do
            fw "--get-zone-of-interface=$device" 2>/dev/null || fw --get-default-zone
        done
        sed -n "s/^source$HAUI_TAB\([^$HAUI_TAB]*\).*/\1/p" "$HAUI_INPUTS/now"
    } | sort -u | while read -r zone; do
        awk -v zone="$zone" '
            /^[^ \t]/ { where = $1 }
            where == zone && $1 == "target:" && $2 != "ACCEPT" { print zone }' "$HAUI_INPUTS/zones-now"
    done
}

firewalld_begin() {
    firewalld_ask
    firewalld_zones >"$HAUI_INPUTS/zones"
}

firewalld_wanted() {
    LC_ALL=C awk -v zones="$(tr '\n' ' ' <"$HAUI_INPUTS/zones")" -v policy="$FIREWALLD_POLICY" '
        function in_zones(kind, what,  n, i, zone) {
            n = split(zones, zone, " ")
            for (i = 1; i <= n; i++) printf "%s\t%s\t%s\n", kind, zone[i], what
        }
        function from(address) {
            return "rule family=\"" (address ~ /:/ ? "ipv6" : "ipv4") "\" source address=\"" address "\""
        }
        $1 == "trust" { printf "source\ttrusted\t%s\n", $2 }
        # What Services bring to pods is let pass by firewalld itself, since its destination was changed.
        $1 == "forward" && $2 != "any" {
            printf "policy\t%s\t%s destination address=\"%s\" accept\n", policy, from($2), $3
        }
        $1 != "open" { next }
        $3 == "vrrp" { in_zones("rich", from($2) " protocol value=\"vrrp\" accept"); next }
        {
            n = split($4, port, ",")
            for (i = 1; i <= n; i++) {
                if ($2 == "any") in_zones("port", port[i] "/" $3)
                else in_zones("rich", from($2) " port port=\"" port[i] "\" protocol=\"" $3 "\" accept")
            }
        }'
}

# firewalld_has_policy [--permanent]
firewalld_has_policy() {
    case " $(fw "$@" --get-policies) " in
        *" $FIREWALLD_POLICY "*) return 0 ;;
    esac
    return 1
}

# firewalld_lacks HAVE: the wanted items that are not there; a range of ports holds its parts.
firewalld_lacks() {
    LC_ALL=C awk -F '\t' '
        function range(text,  side, port) {
            split(text, side, "/")
            low = high = side[1]
            if (split(side[1], port, "-") == 2) { low = port[1]; high = port[2] }
            proto = side[2]
        }
        FNR == NR {
            have[$0] = 1
            if ($1 == "port") { range($3); n++; zone[n] = $2; from[n] = low + 0; to[n] = high + 0; over[n] = proto }
            next
        }
        $0 in have { next }
        $1 == "port" {
            range($3)
            for (i = 1; i <= n; i++)
                if (zone[i] == $2 && over[i] == proto && from[i] <= low + 0 && high + 0 <= to[i]) next
        }
        { print }' "$1" "$HAUI_INPUTS/wanted"
}

firewalld_missing() {
    { firewalld_lacks "$HAUI_INPUTS/now"; firewalld_lacks "$HAUI_INPUTS/later"; } | sort -u
}

firewalld_ours() {
    [ ! -f "$FIREWALLD_OURS" ] || cat "$FIREWALLD_OURS"
}

# firewalld_set add|remove [--permanent]: does it to the items that come in, many at a time.
firewalld_set() {
    verb=$1 when=${2-} group=
    set --
    while IFS="$HAUI_TAB" read -r kind where item; do
        if [ "$kind $where" != "$group" ] || [ $# -ge 100 ]; then
            firewalld_call "$@"
            set --
        fi
        group="$kind $where"
        case $kind in
            policy) target="--policy=$where" option=rich-rule ;;
            rich) target="--zone=$where" option=rich-rule ;;
            *) target="--zone=$where" option=$kind ;;
        esac
        set -- "$@" "--$verb-$option=$item"
    done
    firewalld_call "$@"
}

# firewalld_call OPTION…: on $target, now or with $when for after a restart.
firewalld_call() {
    [ $# -gt 0 ] || return 0
    fw ${when:+"$when"} "$target" "$@" || die "firewalld refuses to $verb rules of $target" "look at: firewall-cmd $target --list-all"
}

firewalld_add() {
    cat >"$HAUI_INPUTS/adding"
    mkdir -p "${FIREWALLD_OURS%/*}"
    # On record before it is done: what the admin had opened is never taken for haui's.
    { firewalld_ours; firewalld_lacks "$HAUI_INPUTS/later"; } | sort -u >"$FIREWALLD_OURS.haui-new"
    move_file "$FIREWALLD_OURS.haui-new" "$FIREWALLD_OURS"
    ! grep -q '^policy' "$HAUI_INPUTS/adding" || firewalld_make_policy
    firewalld_lacks "$HAUI_INPUTS/later" | firewalld_set add --permanent
    firewalld_lacks "$HAUI_INPUTS/now" | firewalld_set add
}

# firewalld_make_policy: the one thing that firewalld makes only for after a restart, with a reload to follow.
firewalld_make_policy() {
    why=$(firewalld_obstacle)
    [ -z "$why" ] || die "a reload of firewalld would throw away $why" "$FIREWALLD_FIX"
    firewalld_has_policy --permanent || fw --permanent "--new-policy=$FIREWALLD_POLICY"
    firewalld_join --permanent
    firewalld_has_policy || fw --reload
    firewalld_join
}

# firewalld_join [--permanent]: the policy is for packets from anywhere to the sources of the zone trusted.
firewalld_join() {
    fw "$@" "--policy=$FIREWALLD_POLICY" --query-ingress-zone=ANY >/dev/null ||
        fw "$@" "--policy=$FIREWALLD_POLICY" --add-ingress-zone=ANY
    fw "$@" "--policy=$FIREWALLD_POLICY" --query-egress-zone=trusted >/dev/null ||
        fw "$@" "--policy=$FIREWALLD_POLICY" --add-egress-zone=trusted
}

# shellcheck disable=SC2034  # used by the scripts that follow
FIREWALLD_FIX="when what is lost can be set again: firewall-cmd --permanent --new-policy=$FIREWALLD_POLICY; firewall-cmd --reload; then try again"

# firewalld_obstacle: what the reload that makes the policy would throw away; empty when it needs none.
firewalld_obstacle() {
    ! firewalld_has_policy || return 0
    lost=
    [ "$(firewalld_state now)" = "$(firewalld_state later --permanent)" ] || lost="rules that firewalld has for now only"
    for command in iptables-save ip6tables-save; do
        ! have "$command" || ! "$command" 2>/dev/null </dev/null | grep -q '^-A ' ||
            lost="${lost:+$lost, }the rules that $command shows"
    done
    printf '%s' "$lost"
}

# firewalld_state now|later [--permanent]: what is set then; which interfaces are where is kept over a reload.
firewalld_state() {
    awk -v policy="$FIREWALLD_POLICY" 'BEGIN { RS = "" } $1 != policy { print $0 "\n" }' \
        "$HAUI_INPUTS/zones-$1" "$HAUI_INPUTS/policies-$1" | sed 's/^\([^ ]*\) (.*)$/\1/; /^  interfaces:/d'
    shift
    fw "$@" --direct --get-all-rules
    fw "$@" --direct --get-all-passthroughs
}

firewalld_remove() {
    cat >"$HAUI_INPUTS/removing"
    firewalld_ask
    grep -xFf "$HAUI_INPUTS/now" "$HAUI_INPUTS/removing" | firewalld_set remove
    grep -xFf "$HAUI_INPUTS/later" "$HAUI_INPUTS/removing" | firewalld_set remove --permanent
    grep -vxFf "$HAUI_INPUTS/removing" "$FIREWALLD_OURS" >"$FIREWALLD_OURS.haui-new" || :
    move_file "$FIREWALLD_OURS.haui-new" "$FIREWALLD_OURS"
    if ! grep -q '^policy' "$HAUI_INPUTS/wanted" && firewalld_has_policy --permanent; then
        fw --permanent "--delete-policy=$FIREWALLD_POLICY"
    fi
}

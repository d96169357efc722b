# shellcheck shell=sh
# Rules of ufw, as `ufw show added` says them; those words are what ufw takes as well. haui's bear the comment haui.

# ufw_begin: older releases know no VRRP; then the peer is let in with everything, by its address only.
ufw_begin() {
    ufw_knows_vrrp=no
    ! ufw --dry-run allow from 192.0.2.1 proto vrrp >/dev/null 2>&1 || ufw_knows_vrrp=yes
    ufw show added >"$HAUI_INPUTS/added" || die "ufw does not show its rules" "look at: ufw show added"
}

ufw_wanted() {
    LC_ALL=C awk -v vrrp="$ufw_knows_vrrp" -v own="$HAUI_ADDRESS" '
        $1 == "trust" { print "allow from " $2; print "route allow from " $2 }
        $1 == "forward" && $2 == "any" { print "route allow to " $3 }
        $1 != "open" { next }
        { gsub(/-/, ":", $4) }
        $3 == "vrrp" { print "allow from " $2 (vrrp == "yes" ? " proto vrrp" : " to " own); next }
        $2 == "any" { print "allow " $4 "/" $3; next }
        { print "allow from " $2 " to any port " $4 " proto " $3 }'
}

ufw_missing() {
    sed -n "s/^ufw //p" "$HAUI_INPUTS/added" | sed "s/ comment '.*'\$//" >"$HAUI_INPUTS/have"
    grep -vxFf "$HAUI_INPUTS/have" "$HAUI_INPUTS/wanted" || :
}

ufw_ours() {
    sed -n "s/^ufw \(.*\) comment 'haui'\$/\1/p" "$HAUI_INPUTS/added"
}

# ufw_add, ufw_remove: the items that come in.
ufw_add() {
    while read -r item; do
        # shellcheck disable=SC2086  # the rule is words
        ufw $item comment haui </dev/null || die "ufw does not take the rule: $item" "look at: ufw status verbose"
    done
}

ufw_remove() {
    while read -r item; do
        case $item in
            "route "*) set -- route delete "${item#route }" ;;
            *) set -- delete "$item" ;;
        esac
        # shellcheck disable=SC2048,SC2086  # the rule is words
        ufw $* </dev/null || die "ufw does not take away the rule: $item" "look at: ufw status verbose"
    done
}

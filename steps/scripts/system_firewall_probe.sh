# shellcheck shell=sh
# haui: include firewall_lib
# Whether the active firewall lets in what the host's roles need, and nothing that haui opened for other times.

active=$(firewalls)
[ -n "$active" ] || finding ok "firewall" "lets in what is needed" "neither firewalld nor ufw is active"
for tool in $active; do
    firewall_compare "$tool"
    while read -r item; do
        finding differs "$tool: $item" "open" "not open"
    done <"$HAUI_INPUTS/missing"
    while read -r item; do
        finding differs "$tool: $item" "taken away, nobody needs it any more" "open"
    done <"$HAUI_INPUTS/stale"
    if grep -q '^policy' "$HAUI_INPUTS/missing" && why=$(firewalld_obstacle) && [ -n "$why" ]; then
        finding blocked "$tool: a policy for packets to pods" "$FIREWALLD_FIX" "its reload would throw away $why"
    fi
    if [ ! -s "$HAUI_INPUTS/missing" ] && [ ! -s "$HAUI_INPUTS/stale" ]; then
        count=$(wc -l <"$HAUI_INPUTS/wanted")
        finding ok "$tool" "lets in what is needed" "$((count)) rules are there"
    fi
done
exit 0

# shellcheck shell=sh
# haui: include reset_lib
# Have HAUI_UNITS stopped, and has the virtual address left this host?

# shellcheck disable=SC2086  # a list of units
want_retired $HAUI_UNITS
if [ -n "${HAUI_VIP:-}" ] && noted unit keepalived >/dev/null && [ "$(unit_was keepalived active)" != active ]; then
    held=$(ip -o addr show 2>/dev/null | awk -v want="$HAUI_VIP" '{ split($4, a, "/"); if (a[1] == want) print $2 }')
    want "virtual address $HAUI_VIP" "not here" "${held:-not here}"
fi
[ -z "$(noted_codes unit)" ] && finding ok "services" "none of haui's" "none was noted"
exit 0

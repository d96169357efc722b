# shellcheck shell=sh
# haui: include reset_lib
# Stops HAUI_UNITS as far as haui has started them; keepalived gives the virtual address back when it ends.
set -u

# shellcheck disable=SC2086  # a list of units
retire $HAUI_UNITS
if [ -n "${HAUI_VIP:-}" ] && noted unit keepalived >/dev/null && [ "$(unit_was keepalived active)" != active ] && [ "$(unit_active keepalived)" != active ]; then
    ip -o addr show | awk -v want="$HAUI_VIP" '{ split($4, a, "/"); if (a[1] == want) print $2, $4 }' |
        while read -r device address; do
            ip addr del "$address" dev "$device" || :
        done
fi
exit 0

# shellcheck shell=sh
# haui: include hosts_lib
# Is our block in /etc/hosts, and does it decide?

if [ "$(hosts_block)" = "$(cat "$HAUI_INPUTS/hosts")" ]; then
    finding ok "block of haui in /etc/hosts" "as planned" "as planned"
else
    finding differs "block of haui in /etc/hosts" "as planned" "absent or other"
fi
if cloud_init_writes; then
    finding differs "cloud-init and /etc/hosts" "leaves it alone" "may write it at boot"
fi
if [ -n "$HAUI_ENDPOINT_VIP" ]; then
    want "address of $HAUI_ENDPOINT_NAME" "$HAUI_ENDPOINT_VIP" \
        "$(getent ahosts "$HAUI_ENDPOINT_NAME" | awk '{ print $1; exit }')"
fi
exit 0

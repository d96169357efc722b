# shellcheck shell=sh
# haui: include network_bridge_lib
# Are the routes to the other nodes' pods (HAUI_ROUTES, cidr=address …) in the kernel, will they be after
# a restart, and does containerd take this network's configuration?

tables=iptables
[ "$FAMILY" = -4 ] || tables=ip6tables
for pair in ${HAUI_ROUTES:-}; do
    seen_route=$(ip "$FAMILY" route show "${pair%%=*}" 2>/dev/null | sed -n 's/.* via \([^ ]*\).*/\1/p' | head -n 1)
    want "route to ${pair%%=*}" "via ${pair#*=}" "via ${seen_route:-nothing}"
done
for network in $(stale_routes | cut -d ' ' -f 1); do
    finding differs "route to $network" none "of a node that is none any more"
done
if "$tables" -w -t nat -C POSTROUTING -s "$HAUI_OWN_PODS" ! -d "$HAUI_PODS" \
    -m comment --comment haui-pods-outward -j MASQUERADE 2>/dev/null; then
    finding ok "pods reach the outer world" masqueraded masqueraded
else
    finding differs "pods reach the outer world" masqueraded "no rule"
fi
want "haui-routes.service at start" enabled "$(unit_enabled haui-routes.service)"
want haui-routes.service active "$(unit_active haui-routes.service)"
for config in "${HAUI_ROOT:-}"/etc/cni/net.d/*.conf "${HAUI_ROOT:-}"/etc/cni/net.d/*.conflist; do
    [ -e "$config" ] || continue
    case $config in
        *"$HAUI_CONFLIST") ;;
        *)
            first_config=$(printf '%s\n%s\n' "$config" "${HAUI_ROOT:-}$HAUI_CONFLIST" | LC_ALL=C sort | head -n 1)
            [ "$first_config" != "$config" ] || finding blocked "CNI configuration" \
                "containerd takes the first file by name: move $config away if it is not needed" "$config comes first"
            ;;
    esac
done

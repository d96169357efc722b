# shellcheck shell=sh
# haui: include reset_network_lib
# Takes away what kube-proxy and the pod network leave. Rules of others stay: each table is given back without theirs, in
# one move.
set -u

noted node all >/dev/null || exit 0
pod_routes | while read -r network address; do
    ip route del "$network" via "$address" || :
done
if [ -e "$ROOT/etc/systemd/system/haui-routes.service" ]; then
    systemctl disable --now haui-routes.service 2>/dev/null
fi
for filter in $(filters); do
    [ "$(rules_of "$filter")" -gt 0 ] || continue
    # Counted, so that the counters of others' rules go on.
    "$filter-save" -c </dev/null | sed -E 's/^([^ ]*[]]) (-A .*)$/\2\t\1/' | grep -vE "$RULES" |
        sed -E 's/^(-A .*)\t([^\t]*[]])$/\2 \1/' >"$HAUI_INPUTS/rules"
    "$filter-restore" -c <"$HAUI_INPUTS/rules" || die "$filter does not take its rules back without those of Services and pods" \
        "look at: $filter-save"
    echo "$filter: without the rules of Services and pods"
done
pod_tables | while read -r kind name; do
    # shellcheck disable=SC2086  # family and name
    if [ "$kind" = table ]; then nft delete table $name; else ipset destroy "$name"; fi || :
done
if pod_interfaces | grep -qx kube-ipvs0 && have ipvsadm; then
    ipvsadm --clear
fi
pod_interfaces | while IFS= read -r device; do
    ip link delete "$device" 2>/dev/null || echo "the interface $device can't be deleted"
done
pod_namespaces | while IFS= read -r namespace; do
    ip netns delete "$namespace" 2>/dev/null || { umount -l "$ROOT/run/netns/$namespace" && rm -f "$ROOT/run/netns/$namespace"; } || :
done
vip_holders | while read -r device address; do
    ip addr del "$address" dev "$device" || :
done
for folder in $NETWORK_FOLDERS; do
    clear_new "$folder"
done
exit 0

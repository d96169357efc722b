# shellcheck shell=sh
# haui: include reset_network_lib
# Is there anything left of the pod network and of Services?

if ! noted node all >/dev/null; then
    finding ok "pod network" "none of haui's" "haui has made no node here, or took it back"
    exit 0
fi
for filter in $(filters); do
    want "rules of Services and pods in $filter" 0 "$(rules_of "$filter")"
done
left=$(pod_tables | tr '\n' ' ')
want "tables and sets of Services and pods" none "${left:-none}"
left=$(pod_interfaces | tr '\n' ' ')
want "interfaces of the pod network" none "${left:-none}"
left=$(pod_namespaces | wc -l)
want "network namespaces of pods" 0 "$((left))"
left=$(pod_routes | tr '\n' ' ')
want "routes to pods" none "${left:-none}"
left=$(vip_holders | tr '\n' ' ')
want "virtual address" "not here" "${left:-not here}"
[ ! -e "$ROOT/etc/systemd/system/haui-routes.service" ] ||
    want haui-routes.service "not enabled, not active" "$(
        case $(unit_enabled haui-routes.service) in enabled) printf 'enabled, ' ;; *) printf 'not enabled, ' ;; esac
        case $(unit_active haui-routes.service) in active) echo active ;; *) echo 'not active' ;; esac
    )"
for folder in $NETWORK_FOLDERS; do
    want_nothing_new "$folder"
done
exit 0

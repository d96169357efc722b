# shellcheck shell=sh
# haui: include node_notes_lib reset_lib
# What kube-proxy and the pod network leave in the kernel and on the disk of a node.

# Rules are theirs by the names of their chains, and by the comments that they bear.
RULES='^:(KUBE-|CNI-|FLANNEL-|cali-|CILIUM_|OLD_CILIUM_)|(^| )-(A|j|g) (KUBE-|CNI-|FLANNEL-|cali-|CILIUM_|OLD_CILIUM_)|--comment "?(haui-pods-outward|flanneld |cali:|cilium)'
# shellcheck disable=SC2034  # for the scripts that include this
NETWORK_FOLDERS="/etc/cni/net.d /opt/cni/bin /var/lib/cni /var/lib/calico /var/lib/cilium /var/log/calico"

# filters: the commands of packet filters that are here.
filters() {
    for filter in iptables-nft iptables-legacy iptables ip6tables-nft ip6tables-legacy ip6tables; do
        ! have "$filter-save" || ! have "$filter-restore" || echo "$filter"
    done
}

# rules_of FILTER: how many rules and chains of theirs it has.
rules_of() {
    "$1-save" 2>/dev/null </dev/null | grep -cE "$RULES" || :
}

# pod_tables: tables of nftables and sets of ipset that are theirs, KIND NAME a line.
pod_tables() {
    ! have nft || nft list tables 2>/dev/null | awk '$3 == "kube-proxy" || $3 == "calico" { print "table", $2 " " $3 }'
    ! have ipset || ipset list -n 2>/dev/null | sed -n 's/^\(KUBE-.*\|cali[46]0.*\)$/set \1/p'
}

# pod_interfaces: those of the pod network that were not there before.
pod_interfaces() {
    for device in $(interfaces); do
        case $device in
            cni0 | flannel.[0-9]* | flannel-v6.[0-9]* | cali* | vxlan.calico | vxlan-v6.calico | wireguard.cali | wg-v6.cali | \
                cilium_* | lxc[0-9a-f]* | lxc_health | kube-ipvs0 | kube-bridge) ;;
            *) continue ;;
        esac
        noted interface "$device" >/dev/null || printf '%s\n' "$device"
    done
}

# pod_namespaces: the network namespaces of pods.
pod_namespaces() {
    for namespace in "$ROOT"/run/netns/cni-*; do
        [ ! -e "$namespace" ] || printf '%s\n' "${namespace##*/}"
    done
}

# pod_routes: the ways to other nodes' pods that haui's own unit has set, NETWORK ADDRESS a line, as far as they are there.
pod_routes() {
    sed -n 's/^ExecStart=.* ip route replace \([^ ]*\) via \([^ ]*\)$/\1 \2/p' "$ROOT/etc/systemd/system/haui-routes.service" 2>/dev/null |
        while read -r network address; do
            [ -z "$(ip route show "$network" via "$address" 2>/dev/null)" ] || echo "$network $address"
        done
}

# vip_holders: the interfaces that a killed kube-vip has left the virtual address on.
vip_holders() {
    [ -z "${HAUI_VIP:-}" ] || ip -o addr show 2>/dev/null |
        awk -v want="$HAUI_VIP" '{ split($4, a, "/"); if (a[1] == want) print $2, $4 }'
}

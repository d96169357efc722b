# shellcheck shell=sh
# haui: include endpoint_kube_vip_lib
# Does kube-vip work on this control plane? By ARP the leader of the election, and nobody else, has the address on an
# interface; by BGP every control plane has it, and a session to a router.

want "kube-vip of $HAUI_HOST" "/etc/kubernetes/admin.conf $HAUI_VIP_IMAGE True" "$(vip_pod)"
uses=$(grep -ls super-admin "$K8S"/manifests/*.yaml | sed 's|.*/||')
want "manifests of $HAUI_HOST that use super-admin.conf" none "${uses:-none}"

# agreed: does the election say of this host what its interfaces say? The address follows the lease within seconds.
agreed() {
    leader=$(vip_leader)
    held=$(interface_of "$HAUI_VIP")
    [ -n "$leader" ] || return 1
    if [ "$leader" = "$HAUI_HOST" ]; then [ -n "$held" ]; else [ -z "$held" ]; fi
}

if [ "$HAUI_VIP_MODE" = bgp ]; then
    held=$(interface_of "$HAUI_VIP")
    if [ -n "$held" ]; then
        finding ok "virtual address on $HAUI_HOST" "on an interface" "on $held"
    else
        finding differs "virtual address on $HAUI_HOST" "on an interface" "on none"
    fi
    sessions=$(ss -Htn state established 2>/dev/null | awk '$3 ~ /:179$/ || $4 ~ /:179$/' | wc -l)
    if [ "$sessions" -gt 0 ]; then
        finding ok "routers that $HAUI_HOST talks to" "at least 1" "$((sessions))"
    else
        finding differs "routers that $HAUI_HOST talks to" "at least 1" 0
    fi
elif retry 20 agreed; then
    finding ok "virtual address on $HAUI_HOST" "held by the leader alone" "held by the leader alone"
    finding info "holder of $HAUI_VIP" "" "$leader"
else
    finding differs "virtual address on $HAUI_HOST" "held by the leader alone" \
        "leader ${leader:-nobody}, here $(if [ -n "$held" ]; then echo "on $held"; else echo no; fi)"
fi

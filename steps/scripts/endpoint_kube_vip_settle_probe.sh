# shellcheck shell=sh
# haui: include endpoint_kube_vip_lib
# Does kube-vip run on this control plane as it shall stay, with no more rights than admin.conf has?

probe_vip_interface || exit 0
if is_vip_manifest kube-vip.yaml; then
    finding ok "manifest of kube-vip" "with admin.conf" "with admin.conf"
elif grep -q super-admin "$VIP_MANIFEST" 2>/dev/null; then
    finding differs "manifest of kube-vip" "with admin.conf" "with super-admin.conf"
else
    finding differs "manifest of kube-vip" "with admin.conf" "$(if [ -e "$VIP_MANIFEST" ]; then echo "other content"; else echo absent; fi)"
fi
uses=$(grep -ls super-admin "$K8S"/manifests/*.yaml | sed 's|.*/||')
want "manifests that use super-admin.conf" none "${uses:-none}"
want "pod of kube-vip" "/etc/kubernetes/admin.conf $HAUI_VIP_IMAGE True" "$(vip_pod)"
if endpoint_ready; then
    finding ok "API through the endpoint" ok ok
else
    finding differs "API through the endpoint" ok "no answer from $HAUI_ENDPOINT"
fi
exit 0

# shellcheck shell=sh
# haui: include endpoint_kube_vip_lib
# Is kube-vip's manifest there for kubeadm init? The form that stays will do only where there is an admin.conf: after a
# reset it is not, and kube-vip would wait for rights that init gives through its address.

probe_vip_interface || exit 0
if is_vip_manifest kube-vip-init.yaml; then
    finding ok "manifest of kube-vip" "in place" "in place"
elif [ -e "$K8S/admin.conf" ] && is_vip_manifest kube-vip.yaml; then
    finding ok "manifest of kube-vip" "in place" "in place, for good"
elif [ -e "$VIP_MANIFEST" ]; then
    finding differs "manifest of kube-vip" "in place" "other content"
else
    finding differs "manifest of kube-vip" "in place" "absent"
fi
exit 0

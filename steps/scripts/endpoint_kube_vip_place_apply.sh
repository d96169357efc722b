# shellcheck shell=sh
# haui: include endpoint_kube_vip_lib
# Places kube-vip's manifest: the form that stays where admin.conf has its rights (or super-admin.conf has been taken
# away, which is only done to a control plane that is complete), else the one to begin with.
set -u

form=kube-vip-init.yaml
if [ -e "$K8S/admin.conf" ]; then
    if [ ! -e "$K8S/super-admin.conf" ] || { retry 30 local_ready && admin_has_rights; }; then
        form=kube-vip.yaml
    fi
fi
put_vip_manifest "$form"

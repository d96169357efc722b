# shellcheck shell=sh
# haui: include kubernetes_lib interface_lib
# The manifest of kube-vip's static pod. It comes as an input in two forms: kube-vip.yaml is the one that stays,
# kube-vip-init.yaml the one until kubeadm init is over. Where the cluster file says no interface (HAUI_INTERFACE), the
# one that holds this host's address is put in for HAUI_INTERFACE_MARK.

VIP_MANIFEST=$K8S/manifests/kube-vip.yaml

# vip_interface: the asked interface, else the one that holds this host's address.
vip_interface() {
    if [ -n "$HAUI_INTERFACE" ]; then echo "$HAUI_INTERFACE"; else interface_of "$HAUI_ADDRESS"; fi
}

# vip_manifest INPUT: that form of the manifest for this host; fails when there is no interface to name.
vip_manifest() {
    vip_device=$(vip_interface)
    case $vip_device in
        "" | *[!A-Za-z0-9_.-]*) return 1 ;;
    esac
    sed "s/$HAUI_INTERFACE_MARK/$vip_device/" "$HAUI_INPUTS/$1"
}

# is_vip_manifest INPUT: is that form in place?
is_vip_manifest() {
    vip_wanted=$(vip_manifest "$1") && [ "$(cat "$VIP_MANIFEST" 2>/dev/null)" = "$vip_wanted" ]
}

# put_vip_manifest INPUT: in one move from outside the folder, where the kubelet takes any file for a pod.
put_vip_manifest() {
    if is_vip_manifest "$1"; then
        return 0
    fi
    mkdir -p "$K8S/manifests"
    vip_manifest "$1" >"$K8S/haui-kube-vip.new" ||
        die "no interface of this host holds $HAUI_ADDRESS, or it has a strange name" "correct hosts[].address, or say hosts[].interface"
    chmod 0600 "$K8S/haui-kube-vip.new"
    move_file "$K8S/haui-kube-vip.new" "$VIP_MANIFEST"
    echo "wrote $VIP_MANIFEST ($1)"
}

# admin_has_rights: has kubeadm given admin.conf its rights yet? Before 1.29 it was born with them.
admin_has_rights() {
    [ "$HAUI_MINOR" -lt 29 ] || admin get clusterrolebinding kubeadm:cluster-admins >/dev/null 2>&1
}

# probe_vip_interface: one row; fails when there is no interface.
probe_vip_interface() {
    if vip_manifest kube-vip.yaml >/dev/null; then
        finding ok "interface of the virtual address" "$(vip_interface)" "$(vip_interface)"
    else
        finding blocked "interface of the virtual address" "Correct hosts[].address, or say hosts[].interface." "no interface holds $HAUI_ADDRESS"
        return 1
    fi
}

# vip_pod: what the API server knows of this host's pod: kubeconfig, image, ready.
vip_pod() {
    # shellcheck disable=SC2016  # of jsonpath
    admin get pod "kube-vip-$HAUI_HOST" -n kube-system -o \
        'jsonpath={.spec.volumes[?(@.name=="kubeconfig")].hostPath.path} {.spec.containers[0].image} {.status.conditions[?(@.type=="Ready")].status}' \
        2>/dev/null
}

vip_pod_runs() {
    [ "$(vip_pod)" = "/etc/kubernetes/admin.conf $HAUI_VIP_IMAGE True" ]
}

# vip_leader: the node that holds the address by ARP; nothing when none does.
vip_leader() {
    admin get lease plndr-cp-lock -n kube-system -o 'jsonpath={.spec.holderIdentity}' 2>/dev/null
}

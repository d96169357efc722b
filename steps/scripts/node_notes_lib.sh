# shellcheck shell=sh
# Before Kubernetes comes to a host: what is there already of all that the kubelet, kubeadm and the pod network make.

NODE_FOLDERS="/etc/kubernetes /etc/cni/net.d /opt/cni/bin /var/lib/kubelet /var/lib/cni /var/lib/etcd /var/log/pods \
/var/log/containers /var/lib/calico /var/lib/cilium /var/log/calico /root/.kube /.kube /usr/libexec/kubernetes \
/etc/systemd/system/kubelet.service.d /lib/modules /etc/ca-certificates /usr/share/ca-certificates \
/usr/local/share/ca-certificates"

# interfaces: the names of all. Not from /sys, which may show those of another network namespace.
interfaces() {
    ip -o link show 2>/dev/null | awk -F ': ' '{ sub(/@.*/, "", $2); print $2 }'
}

there() {
    [ -e "$1" ] || [ -L "$1" ]
}

# note_node: once for each host, whichever step comes first.
note_node() {
    ! noted node all >/dev/null || return 0
    note_unit kubelet
    set --
    for node_folder in $NODE_FOLDERS; do
        while [ -n "$node_folder" ] && ! there "${HAUI_ROOT:-}$node_folder"; do
            set -- "$@" "$node_folder"
            node_folder=${node_folder%/*}
        done
    done
    note_each folder absent "$@" || exit 1
    set --
    for node_folder in $NODE_FOLDERS; do
        for node_entry in "${HAUI_ROOT:-}$node_folder"/*; do
            [ ! -e "$node_entry" ] || set -- "$@" "${node_entry#"${HAUI_ROOT:-}"}"
        done
    done
    note_each entry present "$@" || exit 1
    # shellcheck disable=SC2046  # names of interfaces have no blanks
    note_each interface present $(interfaces) || exit 1
    note_before node all noted
}

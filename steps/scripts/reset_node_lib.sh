# shellcheck shell=sh
# haui: include kubernetes_lib kubernetes_reset_lib node_notes_lib reset_lib
# A node, as haui has made it with kubeadm.

KUBELET=$ROOT/var/lib/kubelet
# shellcheck disable=SC2034  # for the scripts that include this
NODE_STEPS="control_plane.init control_plane.join workers.join"

# foreign_server: the API server that the kubeconfigs of this host name, where it is none of this cluster.
foreign_server() {
    for conf in kubelet.conf admin.conf; do
        named=$(conf_server "$K8S/$conf")
        [ -n "$named" ] || continue
        for pair in "=$HAUI_ENDPOINT" ${HAUI_CONTROL_PLANES:-}; do
            case $named in
                "$ENDPOINT_API" | "https://$(url_host "${pair#*=}"):6443") continue 2 ;;
            esac
        done
        printf '%s' "$named"
        return 0
    done
}

# kubernetes_files: what kubeadm and haui have put below /etc/kubernetes, as far as it is there.
kubernetes_files() {
    for file in "$K8S"/admin.conf "$K8S"/super-admin.conf "$K8S"/kubelet.conf "$K8S"/bootstrap-kubelet.conf \
        "$K8S"/controller-manager.conf "$K8S"/scheduler.conf "$K8S"/pki "$K8S"/manifests/kube-apiserver.yaml "$K8S"/manifests/kube-controller-manager.yaml \
        "$K8S"/manifests/kube-scheduler.yaml "$K8S"/manifests/etcd.yaml "$K8S"/manifests/kube-vip.yaml "$K8S"/tmp "$K8S"/haui-*; do
        [ ! -e "$file" ] || printf '%s\n' "$file"
    done
}

# node_containers: those that run for Kubernetes.
node_containers() {
    ! have ctr || timeout 20 ctr -n k8s.io containers ls -q 2>/dev/null || :
}

# kubelet_files: what is below its folder, besides what is mounted there.
kubelet_files() {
    [ ! -d "$KUBELET" ] || find "$KUBELET" -mindepth 1 -maxdepth 1
}

# own_data: whether this host's etcd was one of the control plane's own.
own_data() {
    [ "${HAUI_ETCD:-stacked}" = stacked ] && begun control_plane.init control_plane.join
}

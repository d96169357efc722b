# shellcheck shell=sh
# haui: include kubernetes_lib
# What each phase of kubeadm init makes in the cluster. A phase makes its objects one after the other, so the last ones
# are what tells that it was not cut off in its middle. Read in the sources of 1.20, 1.24, 1.30 and 1.35.

# objects_of PHASE: KIND/NAME…; those of a namespace are in the one that namespace_of tells.
objects_of() {
    case $1 in
        upload-config)
            echo "configmap/kubeadm-config rolebinding/kubeadm:nodes-kubeadm-config" \
                "configmap/$(kubelet_config_name) rolebinding/kubeadm:$(kubelet_config_name)"
            ;;
        bootstrap-token)
            echo "clusterrolebinding/kubeadm:get-nodes clusterrolebinding/kubeadm:kubelet-bootstrap" \
                "clusterrolebinding/kubeadm:node-autoapprove-bootstrap" \
                "clusterrolebinding/kubeadm:node-autoapprove-certificate-rotation" \
                "configmap/cluster-info rolebinding/kubeadm:bootstrap-signer-clusterinfo"
            ;;
        "addon coredns") echo "clusterrolebinding/system:coredns deployment/coredns service/kube-dns" ;;
        "addon kube-proxy") echo "daemonset/kube-proxy clusterrolebinding/kubeadm:node-proxier rolebinding/kube-proxy" ;;
    esac
}

namespace_of() {
    if [ "$1" = bootstrap-token ]; then echo kube-public; else echo kube-system; fi
}

# missing_of PHASE: which of its objects are not there; nothing when all are. What can't be asked counts as missing.
missing_of() {
    # shellcheck disable=SC2046  # a list of names
    missing_seen=$(admin get -n "$(namespace_of "$1")" $(objects_of "$1") -o name 2>&1 >/dev/null) && return 0
    missing_names=$(printf '%s\n' "$missing_seen" | sed -n 's/.*NotFound): \(.*\) not found.*/\1/p' | tr '\n' ' ')
    printf '%s' "${missing_names:-${missing_seen:-no answer}}"
}

# keeps_socket: does kubeadm keep the runtime's socket at the Node, for its own later calls?
keeps_socket() {
    [ "$HAUI_MINOR" -ge 32 ] || [ -n "$(admin get node "$HAUI_HOST" \
        -o 'jsonpath={.metadata.annotations.kubeadm\.alpha\.kubernetes\.io/cri-socket}' 2>/dev/null)" ]
}

# init_tokens: the tokens that kubeadm init has made for this cluster and nobody has taken away.
init_tokens() {
    admin -n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token \
        -o 'jsonpath={range .items[*]}{.metadata.name}{" "}{.data.description}{"\n"}{end}' 2>/dev/null |
        grep -c " $(printf %s "haui init" | base64 -w 0)\$"
}

# shellcheck shell=sh
# haui: include reset_node_lib
# Is there anything left of the node that haui has made of this host?

# shellcheck disable=SC2086  # a list of steps
if ! begun $NODE_STEPS; then
    finding ok "node" "none that haui has made" "haui has made none here, or took it back"
    exit 0
fi
foreign=$(foreign_server)
if [ -n "$foreign" ]; then
    finding blocked "node" "Run kubeadm reset there by hand if that cluster is not needed any more." "it belongs to the cluster at $foreign"
    exit 0
fi
want_retired kubelet
[ "$(unit_active kubelet)" != active ] || finding differs "kubelet" stopped "it runs"
want "control groups of pods" gone "$(case $(unit_active kubepods.slice) in active) echo there ;; *) echo gone ;; esac)"
left=$(node_containers | wc -l)
want "containers of Kubernetes" 0 "$((left))"
left=$(kubernetes_files | sed "s|^$K8S/||" | tr '\n' ' ')
want "/etc/kubernetes" "nothing of kubeadm" "${left:-nothing of kubeadm}"
left=$(kubelet_files | sed "s|^$KUBELET/||" | tr '\n' ' ')
want "/var/lib/kubelet" empty "${left:-empty}"
if noted node all >/dev/null; then
    for folder in /var/log/pods /var/log/containers /usr/libexec/kubernetes; do
        want_nothing_new "$folder"
    done
    for folder in /root/.kube /.kube; do
        was_absent "$folder" && [ -e "$ROOT$folder/cache" ] && finding differs "$folder/cache" absent present
    done
fi
if own_data; then
    if [ ! -e "$ETCD_DATA/member" ]; then
        finding ok "data of etcd" gone gone
    elif removes_data; then
        finding differs "data of etcd" gone "in $ETCD_DATA"
    else
        finding info "data of etcd" "kept, as nobody has agreed to lose it" "in $ETCD_DATA"
    fi
fi
exit 0

# shellcheck shell=sh
# haui: include kubernetes_lib
# Is the first control plane complete? Each row is what one phase of kubeadm init leaves behind.

probe_file() {
    if [ -e "$2" ]; then finding ok "$1" present present; else finding differs "$1" present absent; fi
}

# probe_object WHAT KIND NAME [NAMESPACE]
probe_object() {
    if admin get "$2" "$3" ${4:+-n "$4"} >/dev/null 2>&1; then
        finding ok "$1" present present
    else
        finding differs "$1" present absent
    fi
}

# A control plane that exists already and is not this host's: starting one here would make a second
# cluster behind the same endpoint.
probe_foreign() {
    foreign_server=$(conf_server "$K8S/admin.conf")
    [ -n "$foreign_server" ] || foreign_server=$(conf_server "$K8S/kubelet.conf")
    case $foreign_server in
        "" | "$ENDPOINT_API" | "$LOCAL_API") ;;
        *)
            finding blocked "cluster of this host" \
                "this host belongs to another cluster: run \"kubeadm reset\" on it or take it out of the cluster file" \
                "$foreign_server"
            return 0
            ;;
    esac
    [ ! -e "$K8S/admin.conf" ] || return 0
    if foreign_peer=$(answering_peer); then
        finding blocked "other control planes" \
            "a control plane of this cluster runs already: put it first among the cluster file's hosts, so that this host joins it" \
            "$foreign_peer answers"
    elif api_answers "$ENDPOINT_API"; then
        finding blocked "endpoint is free" \
            "an API server answers at the endpoint already: choose another virtual IP, or put the host that answers first in the cluster file" \
            "$HAUI_ENDPOINT answers"
    fi
}

probe_files() {
    for component in kube-apiserver kube-controller-manager kube-scheduler; do
        probe_file "manifest $component" "$K8S/manifests/$component.yaml"
    done
    if [ "$HAUI_ETCD" = stacked ]; then
        probe_file "manifest etcd" "$K8S/manifests/etcd.yaml"
    fi
    for conf in admin kubelet controller-manager scheduler; do
        probe_file "$conf.conf" "$K8S/$conf.conf"
    done
    want kubelet active "$(systemctl is-active kubelet 2>/dev/null || true)"
}

probe_objects() {
    want "API server version" "v$HAUI_VERSION" "$(server_version)"
    seen_endpoint=$(admin get configmap kubeadm-config -n kube-system \
        -o 'jsonpath={.data.ClusterConfiguration}' 2>/dev/null | sed -n 's/^controlPlaneEndpoint: *//p')
    want "kubeadm-config endpoint" "$HAUI_ENDPOINT" "$seen_endpoint"
    probe_object "kubelet's settings in the cluster" configmap "$(kubelet_config_name)" kube-system
    probe_object "cluster-info" configmap cluster-info kube-public
    probe_object "right to bootstrap" clusterrolebinding kubeadm:kubelet-bootstrap
    if [ "$HAUI_MINOR" -ge 29 ]; then
        probe_object "right of admin.conf" clusterrolebinding kubeadm:cluster-admins
    fi
    want "label control-plane" yes "$(if labelled; then echo yes; fi)"
    left_out addon/kube-proxy || probe_object kube-proxy daemonset kube-proxy kube-system
    left_out addon/coredns || probe_object CoreDNS deployment coredns kube-system
    if endpoint_ready; then
        finding ok "API through the endpoint" ok ok
    else
        finding differs "API through the endpoint" ok "no answer from $HAUI_ENDPOINT"
    fi
}

probe_foreign
probe_files
if [ -e "$K8S/admin.conf" ] && local_ready; then
    finding ok "API server of this host" ok ok
    probe_objects
else
    finding differs "API server of this host" ok "no answer from $LOCAL_API"
fi

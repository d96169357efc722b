# shellcheck shell=sh
# haui: include control_plane_init_lib control_plane_files_lib
# Is the first control plane complete? Each row is what one phase of kubeadm init leaves behind.

# probe_phase WHAT PHASE
probe_phase() {
    phase_lacks=$(missing_of "$2")
    if [ -z "$phase_lacks" ]; then
        finding ok "$1" complete complete
    else
        finding differs "$1" complete "missing: $phase_lacks"
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

probe_objects() {
    want "API server version" "v$HAUI_VERSION" "$(server_version)"
    seen_endpoint=$(admin get configmap kubeadm-config -n kube-system \
        -o 'jsonpath={.data.ClusterConfiguration}' 2>/dev/null | sed -n 's/^controlPlaneEndpoint: *//p')
    want "kubeadm-config endpoint" "$HAUI_ENDPOINT" "$seen_endpoint"
    probe_phase "settings for later joins" upload-config
    want "runtime's socket at the Node" yes "$(if keeps_socket; then echo yes; fi)"
    probe_phase "rights to join" bootstrap-token
    want "tokens of kubeadm init" 0 "$(init_tokens)"
    if [ "$HAUI_MINOR" -ge 29 ]; then
        want "right of admin.conf" yes "$(if admin get clusterrolebinding kubeadm:cluster-admins >/dev/null 2>&1; then echo yes; fi)"
    fi
    want "label control-plane" yes "$(if labelled; then echo yes; fi)"
    want "kubelet's own certificate" yes "$(if grep -q kubelet-client-current "$K8S/kubelet.conf" 2>/dev/null; then echo yes; fi)"
    left_out addon/kube-proxy || probe_phase kube-proxy "addon kube-proxy"
    left_out addon/coredns || probe_phase CoreDNS "addon coredns"
    if retry 15 endpoint_ready; then
        finding ok "API through the endpoint" ok ok
    else
        finding differs "API through the endpoint" ok "no answer from $HAUI_ENDPOINT"
    fi
}

probe_foreign
probe_files
want kubelet active "$(systemctl is-active kubelet 2>/dev/null || true)"
if [ -e "$OURS" ]; then
    finding differs "end of kubeadm init" noted "an attempt has not come to its end"
fi
if [ -s "$K8S/admin.conf" ] && ready_or_booting; then
    finding ok "API server of this host" ok ok
    probe_objects
else
    finding differs "API server of this host" ok "no answer from $LOCAL_API"
fi

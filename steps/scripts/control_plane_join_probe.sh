# shellcheck shell=sh
# haui: include control_plane_files_lib
# Is this host a complete control plane of the cluster? (Its Node need not be Ready: that takes a pod
# network and is looked at later.)

probe_cluster() {
    want "API server version" "v$HAUI_VERSION" "$(server_version)"
    node_version=$(admin get node "$HAUI_HOST" -o 'jsonpath={.status.nodeInfo.kubeletVersion}' 2>/dev/null)
    want "Node's kubelet" "v$HAUI_VERSION" "${node_version:-no Node}"
    want "label control-plane" yes "$(if labelled; then echo yes; fi)"
    [ "$HAUI_ETCD" = stacked ] || return 0
    member_state=$(member_field "$(retry 15 etcd_members || true)" "$HAUI_ADDRESS" 4)
    want "etcd member" voter "${member_state:-none}"
}

probe_server=$(conf_server "$K8S/admin.conf")
case $probe_server in
    "" | "$ENDPOINT_API") ;;
    *)
        finding blocked "cluster of this host" \
            "this host belongs to another cluster: run \"kubeadm reset\" on it or take it out of the cluster file" \
            "$probe_server"
        ;;
esac
probe_files
if [ -e "$OURS" ]; then
    finding differs "end of kubeadm join" noted "an attempt has not come to its end"
fi
if [ -e "$K8S/bootstrap-kubelet.conf" ]; then
    finding differs bootstrap-kubelet.conf absent "present: an earlier join did not end"
fi
want kubelet active "$(systemctl is-active kubelet 2>/dev/null || true)"
if [ -s "$K8S/admin.conf" ] && ready_or_booting; then
    finding ok "API server of this host" ok ok
    probe_cluster
else
    finding differs "API server of this host" ok "no answer from $LOCAL_API"
fi

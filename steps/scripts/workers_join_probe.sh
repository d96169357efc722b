# shellcheck shell=sh
# haui: include kubernetes_lib
# Is this host a node of the cluster? (It need not be Ready: that takes a pod network and is looked at
# later.)

probe_server=$(conf_server "$K8S/kubelet.conf")
case $probe_server in
    "" | "$ENDPOINT_API") ;;
    *)
        finding blocked "cluster of this host" \
            "this host belongs to another cluster: run \"kubeadm reset\" on it or take it out of the cluster file" \
            "$probe_server"
        ;;
esac
if [ -e "$K8S/bootstrap-kubelet.conf" ]; then
    finding differs bootstrap-kubelet.conf absent "present: an earlier join did not end"
fi
want kubelet active "$(systemctl is-active kubelet 2>/dev/null || true)"
if [ -e "$K8S/kubelet.conf" ]; then
    finding ok kubelet.conf present present
    node_version=$(kubectl --kubeconfig "$K8S/kubelet.conf" --request-timeout 10s get node "$HAUI_HOST" \
        -o 'jsonpath={.status.nodeInfo.kubeletVersion}' 2>&1 </dev/null) || node_version="no Node: $node_version"
    want "Node's kubelet" "v$HAUI_VERSION" "$node_version"
else
    finding differs kubelet.conf present absent
fi

# shellcheck shell=sh
# haui: include reset_node_lib
# Undoes kubeadm on this host. Nobody is asked for it, no node is drained and no etcd member leaves: all of the cluster
# goes. What kubeadm does not reach any more (it may be gone, or the runtime may) is taken away all the same.
set -u

# shellcheck disable=SC2086  # a list of steps
begun $NODE_STEPS || exit 0
foreign=$(foreign_server)
[ -z "$foreign" ] || die "this host belongs to the cluster at $foreign" "run kubeadm reset by hand if that one is not needed any more"

systemctl stop kubelet 2>/dev/null
if have containerd && [ "$(unit_active containerd)" != active ]; then
    systemctl start containerd 2>/dev/null
fi
if have kubeadm; then
    socket=/run/containerd/containerd.sock
    [ "${HAUI_MINOR:-0}" -lt 24 ] || socket=unix://$socket
    # Its phase for etcd would take the data away, and wait for members that are gone. Without a kubeconfig it asks no API
    # server how the cluster is configured: the last one has lost etcd's quorum (kubeadm 1.20 waits 40 s for its answer).
    kubeadm_run 300 reset -f --skip-phases=remove-etcd-member --kubeconfig /dev/null --cri-socket "$socket" || echo "kubeadm reset failed; what it leaves is taken away now"
    rm -f "$KUBEADM_LOG"
fi
stop_containers
systemctl stop kubepods.slice 2>/dev/null # with all below it
retire kubelet
unmount_below /var/lib/kubelet
kubelet_files | while IFS= read -r left; do
    remove_tree "$left"
done
kubernetes_files | while IFS= read -r left; do
    remove_tree "$left"
done
rmdir "$K8S/manifests" "$K8S" 2>/dev/null
drop_folder /var/lib/kubelet
if noted node all >/dev/null; then
    for folder in /var/log/pods /var/log/containers /usr/libexec/kubernetes; do
        clear_new "$folder"
    done
    for folder in /root/.kube /.kube; do
        if was_absent "$folder"; then
            rm -rf "$ROOT$folder/cache"
            drop_folder "$folder"
        fi
    done
fi
if own_data && removes_data; then
    rm -rf "$ETCD_DATA/member"
    drop_folder /var/lib/etcd
fi
exit 0

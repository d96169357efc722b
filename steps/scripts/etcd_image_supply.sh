# shellcheck shell=sh
# Run on a control plane: the etcd image that kubeadm would use for the asked Kubernetes.

listed=$(kubeadm config images list --config "$HAUI_INPUTS/kubeadm.yaml" 2>/dev/null </dev/null) ||
    die "kubeadm gives no list of images" \
        "run by hand: kubeadm config images list; the advanced.kubeadm.ClusterConfiguration may be wrong"
image=$(printf '%s\n' "$listed" | grep -E '/etcd[:@]' | head -n 1)
[ -n "$image" ] || die "kubeadm names no image of etcd"
printf 'image=%s\n' "$image"

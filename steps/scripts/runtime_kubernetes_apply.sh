# shellcheck shell=sh
# haui: include osfamily_lib node_notes_lib
# Installs kubeadm, kubelet and kubectl at exactly the asked version and keeps every upgrade away from them. The kubelet
# is enabled, and started by kubeadm: before that it has nothing to do and would fail each ten seconds.
set -eu

note_node
set -- cri-tools kubernetes-cni
for name in kubeadm kubelet kubectl; do
    offered=$(package offered "$name" "$HAUI_VERSION")
    [ -n "$offered" ] || die "no package source offers $name $HAUI_VERSION" "run haui again: it sets up the source first"
    set -- "$@" "$name=$offered"
done
package exact "$@" || die "the Kubernetes packages can't be installed" \
    "the lines above say why; a broken or locked package manager has to be repaired by hand"
package hold kubeadm kubelet kubectl
systemctl daemon-reload
systemctl enable kubelet

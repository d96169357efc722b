# shellcheck shell=sh
# haui: include kubernetes_lib
# The files by which kubeadm's phases leave a control plane: who has them all went through those phases.

# probe_file WHAT PATH. A power cut can leave a file without its content.
probe_file() {
    if [ -s "$2" ]; then finding ok "$1" present present; else finding differs "$1" present "$(absent_or_empty "$2")"; fi
}

absent_or_empty() {
    if [ -e "$1" ]; then echo empty; else echo absent; fi
}

# One row for each file of this host.
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
}

# shellcheck shell=sh
# haui: include osfamily_lib
# Kubernetes' programs at the asked version, kept there.

held=$(package held)
for name in kubeadm kubelet kubectl; do
    version=$(package version "$name")
    case $version in
        "$HAUI_VERSION"-*) finding ok "package $name" "$HAUI_VERSION-*" "$version" ;;
        *)
            if [ -n "$version" ] && [ -e "${HAUI_ROOT:-}/etc/kubernetes/kubelet.conf" ]; then
                finding blocked "package $name" "This host is a node already, and haui does not change the version of a running node. Set kubernetes.version to the one that runs, or upgrade with kubeadm first." "$version"
            else
                finding differs "package $name" "$HAUI_VERSION-*" "${version:-absent}"
            fi ;;
    esac
    if printf '%s\n' "$held" | grep -qxF "$name"; then
        finding ok "hold on $name" held held
    else
        finding differs "hold on $name" held "free to be upgraded"
    fi
done
for name in cri-tools kubernetes-cni; do
    version=$(package version "$name")
    if [ -n "$version" ]; then
        finding ok "package $name" installed "$version"
    else
        finding differs "package $name" installed absent
    fi
done
want "kubelet.service" enabled "$(unit_enabled kubelet)"
exit 0

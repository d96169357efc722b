# shellcheck shell=sh
# haui: include osfamily_lib
# The tools that kubeadm, the kubelet and haui call.

for name in $(of_family HAUI_PACKAGES); do
    version=$(package version "$name")
    if [ -n "$version" ]; then
        finding ok "package $name" installed "$version"
    else
        finding differs "package $name" installed absent
    fi
done
exit 0

# shellcheck shell=sh
# haui: include osfamily_lib selinux_lib
# The tools that kubeadm, the kubelet and haui call.

names=$(of_family HAUI_PACKAGES)
[ "$(selinux_mode)" = disabled ] || names="$names $(of_family HAUI_SELINUX_PACKAGES)"
for name in $names; do
    version=$(package version "$name")
    if [ -n "$version" ]; then
        finding ok "package $name" installed "$version"
    else
        finding differs "package $name" installed absent
    fi
done
exit 0

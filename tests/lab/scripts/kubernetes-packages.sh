#!/usr/bin/env bash
# Makes the .deb files of the product's package mirror, with the names, versions and layout that the
# community's Kubernetes repository uses. Binaries that a contributor placed in EXTRA/bin come first.
# In:  FROM_KUBERNETES, FROM_OS_PACKAGES, FROM_SIGNING_KEY, EXTRA, SCRIPTS, WORK, OUT.
# Out: $OUT/repository, $OUT/version
set -euo pipefail
# shellcheck source=tests/lab/scripts/repository.bash
. "$SCRIPTS/repository.bash"

# program NAME: the file to package under that name.
program() {
    if [[ -f $EXTRA/bin/$1 ]]; then
        echo "$EXTRA/bin/$1"
    else
        echo "$FROM_KUBERNETES/bin/$1"
    fi
}

# package NAME VERSION DEPENDS SUMMARY: packs $WORK/tree/NAME, which the caller has filled.
package() {
    local name=$1 version=$2 depends=$3 summary=$4 tree=$WORK/tree/$1
    mkdir -p "$tree/DEBIAN"
    {
        echo "Package: $name"
        echo "Version: $version"
        echo "Architecture: amd64"
        echo "Maintainer: haui lab <mirror@lab.lan>"
        [[ -z $depends ]] || echo "Depends: $depends"
        echo "Section: admin"
        echo "Priority: optional"
        echo "Description: $summary"
    } >"$tree/DEBIAN/control"
    dpkg-deb --root-owner-group -Zgzip -z1 --build "$tree" "$OUT/repository/amd64/${name}_${version}_amd64.deb"
}

version=$("$(program kubeadm)" version -o short)
version=${version#v}
deb_version=$version-1.1
echo "$version" >"$OUT/version"
mkdir -p "$OUT/repository/amd64"

for name in kubeadm kubelet kubectl; do
    install -D -m 0755 "$(program "$name")" "$WORK/tree/$name/usr/bin/$name"
done

units=$WORK/tree/kubelet/usr/lib/systemd/system
mkdir -p "$units" "$WORK/tree/kubelet/etc/default" "$WORK/tree/kubelet/etc/kubernetes/manifests"
echo 'KUBELET_EXTRA_ARGS=' >"$WORK/tree/kubelet/etc/default/kubelet"
echo /etc/default/kubelet >"$WORK/conffiles"
install -D -m 0644 "$WORK/conffiles" "$WORK/tree/kubelet/DEBIAN/conffiles"
cat >"$units/kubelet.service" <<'UNIT'
[Unit]
Description=kubelet: the node agent of Kubernetes
Documentation=https://kubernetes.io/docs/
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
UNIT
mkdir -p "$WORK/tree/kubeadm/usr/lib/systemd/system/kubelet.service.d"
cat >"$WORK/tree/kubeadm/usr/lib/systemd/system/kubelet.service.d/10-kubeadm.conf" <<'UNIT'
# How kubeadm has the kubelet started: settings from the file that kubeadm writes at init and join.
[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
UNIT
package kubelet "$deb_version" "iptables, kubernetes-cni, iproute2, mount, util-linux" "the node agent of Kubernetes"
package kubeadm "$deb_version" "cri-tools" "starts Kubernetes clusters"
package kubectl "$deb_version" "" "command line of Kubernetes"

if [[ -f $EXTRA/bin/crictl ]]; then
    install -D -m 0755 "$EXTRA/bin/crictl" "$WORK/tree/cri-tools/usr/bin/crictl"
else
    install -D -m 0755 "$SCRIPTS/crictl.sh" "$WORK/tree/cri-tools/usr/bin/crictl"
fi
package cri-tools "$deb_version" "" "crictl, as much of it as kubeadm calls"

# The community's package keeps the plugins in /opt/cni/bin; the binaries here are the operating system's.
cni=$WORK/tree/kubernetes-cni/opt/cni/bin
mkdir -p "$cni"
plugins=$(echo "$FROM_OS_PACKAGES"/repository/pool/containernetworking-plugins_*.deb)
dpkg-deb --fsys-tarfile "$plugins" | tar -t | sed -n 's|^\./usr/lib/cni/\([a-z0-9-]\+\)$|\1|p' |
    while read -r plugin; do
        ln -s "/usr/lib/cni/$plugin" "$cni/$plugin"
    done
package kubernetes-cni "$deb_version" "containernetworking-plugins" "CNI reference plugins"

if compgen -G "$EXTRA/debs/*.deb" >/dev/null; then
    cp "$EXTRA"/debs/*.deb "$OUT/repository/amd64/"
fi
index_repository "$OUT/repository" haui-lab

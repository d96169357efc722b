#!/usr/bin/env bash
# Builds Kubernetes from Debian's source package, which is complete and vendors all it needs.
# In:  VERSION (upstream version inside that package), WORK, OUT.   Out: $OUT/bin
set -euo pipefail

export PATH=/usr/lib/go-1.19/bin:$PATH
mirror=http://deb.debian.org/debian

# A sources list of our own: the machine's lists stay as they are.
mkdir -p "$WORK/apt/lists/partial" "$WORK/apt/cache/archives/partial"
echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main" >"$WORK/apt/sources.list"
apt_options=(
    -o "Dir::Etc::SourceList=$WORK/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null
    -o "Dir::State::Lists=$WORK/apt/lists" -o "Dir::Cache=$WORK/apt/cache" -o APT::Sandbox::User=root
)
apt-get "${apt_options[@]}" update
cd "$WORK"
apt-get "${apt_options[@]}" --only-source source kubernetes

tree=$(find "$WORK" -maxdepth 1 -type d -name 'kubernetes-*' -print -quit)
case $tree in *"$VERSION"*) ;; *) echo "expected Kubernetes $VERSION, found $tree" >&2; exit 1 ;; esac

# The vendored reflect2 dies under Go 1.18 and newer when kubeadm prints a map; Debian packages a newer one.
reflect2=vendor/github.com/modern-go/reflect2
rm -rf "${tree:?}/$reflect2"
cp -rL /usr/share/gocode/src/github.com/modern-go/reflect2 "$tree/$reflect2"

cat >"$WORK/version" <<VERSION_FILE
KUBE_GIT_COMMIT='0000000000000000000000000000000000000000'
KUBE_GIT_TREE_STATE='archive'
KUBE_GIT_VERSION='v$VERSION'
KUBE_GIT_MAJOR='$(cut -d. -f1 <<<"$VERSION")'
KUBE_GIT_MINOR='$(cut -d. -f2 <<<"$VERSION")'
VERSION_FILE

mkdir -p "$tree/.go/src/k8s.io"
ln -s "$tree" "$tree/.go/src/k8s.io/kubernetes"
cd "$tree/.go/src/k8s.io/kubernetes"
export GOPATH=$tree/.go GO111MODULE=off CGO_ENABLED=0 GOCACHE=$WORK/go-build GOFLAGS=-buildvcs=false
export KUBE_GIT_VERSION_FILE=$WORK/version
make GOLDFLAGS="-s -w" WHAT="cmd/kubeadm cmd/kubectl cmd/kubelet cmd/kube-apiserver \
    cmd/kube-controller-manager cmd/kube-scheduler cmd/kube-proxy"

mkdir -p "$OUT/bin"
for program in kubeadm kubectl kubelet kube-apiserver kube-controller-manager kube-scheduler kube-proxy; do
    install -m 0755 "$(find "$tree/_output" -type f -path "*/bin/*" -name "$program" -print -quit)" "$OUT/bin/$program"
done
CGO_ENABLED=1 gcc -Os -Wall -static -o "$OUT/bin/pause" build/pause/linux/pause.c

[[ $("$OUT/bin/kubeadm" version -o short) == "v$VERSION" ]]

# shellcheck shell=sh
# Undoing kubeadm on this host, and only there. A part of kubernetes_lib.

# keep_ours: copy what is not kubeadm's from the folders that a reset empties: static pods of a load
# balancer, and client certificates for an external etcd. Such an etcd outlives the reset of the first control plane
# (KEEP_SIGNERS=external), and what it holds is only good with the signing keys that it was made with.
# The copy is there as a whole or not at all: half of one must never be put back over what is whole.
keep_ours() {
    KEPT_NEW=$KEPT.new
    rm -rf "$KEPT_NEW" && mkdir -p "$KEPT_NEW" && chmod 0700 "$KEPT_NEW" && copy_ours && sync || return 1
    # Nothing to keep: no folder.
    rmdir "$KEPT_NEW" 2>/dev/null || mv -T "$KEPT_NEW" "$KEPT"
}

copy_ours() {
    for manifest in "$K8S"/manifests/*.yaml; do
        [ -e "$manifest" ] || continue
        case ${manifest##*/} in
            kube-apiserver.yaml | kube-controller-manager.yaml | kube-scheduler.yaml | etcd.yaml) continue ;;
        esac
        mkdir -p "$KEPT_NEW/manifests" && cp -p "$manifest" "$KEPT_NEW/manifests/" || return 1
    done
    [ "${HAUI_ETCD:-stacked}" = external ] || return 0
    for certificate in etcd/ca.crt apiserver-etcd-client.crt apiserver-etcd-client.key; do
        [ -e "$K8S/pki/$certificate" ] || continue
        mkdir -p "$KEPT_NEW/pki/etcd" && cp -p "$K8S/pki/$certificate" "$KEPT_NEW/pki/$certificate" || return 1
    done
    [ "${KEEP_SIGNERS:-}" = external ] || return 0
    for signer in ca.crt front-proxy-ca.crt sa.pub; do
        # One without its key would make kubeadm believe that the key is elsewhere.
        [ -s "$K8S/pki/$signer" ] && [ -s "$K8S/pki/${signer%.*}.key" ] || continue
        mkdir -p "$KEPT_NEW/pki" &&
            cp -p "$K8S/pki/$signer" "$K8S/pki/${signer%.*}.key" "$KEPT_NEW/pki/" || return 1
    done
}

# restore_ours: put it back, also when an earlier attempt died in the middle of a reset.
restore_ours() {
    rm -rf "$KEPT.new" "$KEPT.old"
    [ -d "$KEPT" ] || return 0
    # One by one: the folders keep the modes that they have.
    (cd "$KEPT" && find . -type f) | while IFS= read -r kept_file; do
        mkdir -p "$K8S/${kept_file%/*}" && cp -p "$KEPT/$kept_file" "$K8S/$kept_file" || exit 1
    done && sync && mv -T "$KEPT" "$KEPT.old" && rm -rf "$KEPT.old"
}

# has_leftovers: is there anything on this host that kubeadm has made, down to half of a pair of keys?
has_leftovers() {
    for leftover in "$K8S"/*.conf "$K8S"/manifests/kube-apiserver.yaml "$K8S"/manifests/kube-controller-manager.yaml \
        "$K8S"/manifests/kube-scheduler.yaml "$K8S"/manifests/etcd.yaml "$K8S"/pki/*.crt "$K8S"/pki/*.key "$K8S"/pki/*.pub \
        "$K8S"/pki/etcd/*.crt "$K8S"/pki/etcd/*.key "${HAUI_ROOT:-}/var/lib/kubelet/config.yaml"; do
        [ -e "$leftover" ] || continue
        case ${HAUI_ETCD:-stacked}${leftover#"$K8S"} in
            # Placed by haui before kubeadm.
            external/pki/etcd/ca.crt | external/pki/apiserver-etcd-client.crt | external/pki/apiserver-etcd-client.key) ;;
            *) return 0 ;;
        esac
    done
    return 1
}

# empty_files: the files of kubeadm that a power cut has left without their content.
empty_files() {
    find "$K8S" -type f -size 0 \( -name '*.conf' -o -path '*/manifests/[a-z]*.yaml' -o -path '*/pki/*' \) 2>/dev/null
}

# keys_lost: has a power cut emptied certificates or keys of a kubeadm that never ended? No phase makes them again.
keys_lost() {
    [ -e "$OURS" ] && empty_files | grep -q /pki/
}

# drop_empty: take kubeconfigs and manifests without content away, since kubeadm chokes on them.
drop_empty() {
    empty_files | grep -v /pki/ | while IFS= read -r empty; do
        echo "[haui] $empty is empty: a power cut has taken its content"
        rm -f "$empty"
    done
}

# begin_kubeadm: note that whatever will be in /var/lib/etcd comes from the kubeadm that haui starts now.
begin_kubeadm() {
    [ -e "$ETCD_DATA/member" ] || put_line_file "$OURS" "${HAUI_ENDPOINT:-}" 0600 >/dev/null
}

# end_kubeadm: this host is complete; from now on its data is only a person's to delete.
end_kubeadm() {
    rm -f "$OURS"
}

# may_undo: has no kubeadm ever come to its end here? What it would leave is data in etcd, or, where etcd is elsewhere,
# the API server's manifest.
may_undo() {
    [ "$(cat "$OURS" 2>/dev/null)" != "${HAUI_ENDPOINT:-}" ] || return 0
    if [ "${HAUI_ETCD:-stacked}" = external ]; then
        [ ! -e "$K8S/manifests/kube-apiserver.yaml" ]
    else
        [ ! -e "$ETCD_DATA/member" ]
    fi
}

# drop_own_data: such data where kubeadm reset has left it: it only empties the folder while etcd's manifest is whole.
drop_own_data() {
    [ -e "$ETCD_DATA/member" ] && [ -e "$OURS" ] && may_undo || return 0
    echo "[haui] removing the data of the etcd that kubeadm had begun here"
    rm -rf "$ETCD_DATA/member"
}

# kubeadm_reset [ARGS...]: undo kubeadm on this host only.
kubeadm_reset() {
    keep_ours || die "what is not kubeadm's in $K8S can't be kept"
    reset_rc=0
    kubeadm_run 300 reset -f "$@" || reset_rc=$?
    rm -f "$KUBEADM_LOG"
    stop_containers
    restore_ours || die "$KEPT can't be put back into $K8S"
    [ "$reset_rc" -eq 0 ] || die "kubeadm reset failed on this host with status $reset_rc"
}

# stop_containers: end what kubeadm reset could not reach through crictl, so that no old etcd or API
# server holds the ports or data of the next attempt.
stop_containers() {
    command -v ctr >/dev/null 2>&1 || return 0
    for container in $(ctr -n k8s.io tasks ls -q 2>/dev/null); do
        ctr -n k8s.io tasks kill -s SIGKILL "$container" >/dev/null 2>&1 || true
    done
    for container in $(ctr -n k8s.io containers ls -q 2>/dev/null); do
        ctr -n k8s.io tasks rm -f "$container" >/dev/null 2>&1 || true
        ctr -n k8s.io containers rm "$container" >/dev/null 2>&1 || true
    done
}

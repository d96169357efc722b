# shellcheck shell=sh
# haui: include control_plane_supply_lib
# Run on a working control plane: what HAUI_HOST needs to join, minted for this join alone and short
# lived. Everything goes to stdout as name=value and is kept in memory by the caller; no secret is an
# argument of a command, where other users of the host could read it.

working_control_plane
alone

# drop_unfinished: remove, by id, the members of other control planes whose join was cut off: etcd takes no new member
# beside them. Their own next join begins with the same. Nobody is joining now, but a host may be coming up again.
drop_unfinished() {
    etcd_members | while read -r id _ address state; do
        if [ "$state" = voter ] || [ "$address" = "$HAUI_ADDRESS" ] || ! unfinished "$address" ||
            retry 40 voter_at "$address"; then
            continue
        fi
        echo "removing the etcd member $id of $address: its join was cut off" >&2
        etcd_exec 127.0.0.1 member remove "$id" >/dev/null || return 1
    done
}

voter_at() {
    [ "$(member_field "$(etcd_members || true)" "$1" 4)" = voter ]
}

if [ "$HAUI_KIND" = control-plane ] && [ "$HAUI_ETCD" = stacked ]; then
    drop_unfinished || die "a member of etcd that a cut off join has left can't be removed"
fi
delete_tokens "haui join $HAUI_HOST" >/dev/null
# in_time STATUS WHAT: ends the script, in words for which it is tried again when the API just did not answer: another
# control plane may be booting, and etcd without its quorum for so long.
in_time() {
    [ "$1" -ne 124 ] || die "$2: operation timed out, the API server of $NODE or its etcd did not answer"
    die "$2"
}

# By itself kubeadm would take $KUBECONFIG and ~/.kube/config first, which may be of another cluster, or of an older one.
command=$(timeout 60 kubeadm token create --kubeconfig "$K8S/admin.conf" --ttl 30m --description "haui join $HAUI_HOST" \
    --print-join-command </dev/null) ||
    in_time $? "kubeadm token create failed"
token=$(printf '%s\n' "$command" | sed -n 's/.*--token \([a-z0-9.]*\).*/\1/p' | tail -n 1)
ca_hash=$(printf '%s\n' "$command" | sed -n 's/.*--discovery-token-ca-cert-hash \(sha256:[0-9a-f]*\).*/\1/p' | tail -n 1)
if [ -z "$token" ] || [ -z "$ca_hash" ]; then
    die "kubeadm token create printed neither a token nor the CA's hash"
fi
# signed: has the controller manager signed cluster-info with the token? Without that, a join waits five minutes in vain.
signed() {
    [ -n "$(admin -n kube-public get configmap cluster-info -o "jsonpath={.data.jws-kubeconfig-${token%%.*}}" 2>/dev/null)" ]
}

retry 60 signed || die "no controller manager signs the join's token: look at kube-controller-manager on the control planes"
printf 'token=%s\nca_hash=%s\nvia=%s\n' "$token" "$ca_hash" "$NODE"
[ "$HAUI_KIND" = control-plane ] || exit 0

# others_upload_gone: is nothing uploaded that another join may be taking back at this moment?
others_upload_gone() {
    uploaded_for=$(admin -n kube-system get secret kubeadm-certs --ignore-not-found \
        -o 'jsonpath={.metadata.annotations.haui/join}' 2>/dev/null)
    [ -z "$uploaded_for" ] || [ "$uploaded_for" = "$HAUI_HOST" ]
}

# The join before this one ends before it has taken its certificates back; uploaded now, ours would go with them. What
# a killed run has left goes before it, also the token of certificates that somebody else has removed.
retry 20 others_upload_gone || echo "taking back what the join of $uploaded_for has left" >&2
if [ -n "$uploaded_for" ]; then take_back_certificates >/dev/null; else forget_certificates >/dev/null; fi

# The key is in the output, which is a file in tmpfs that goes when this script ends.
uploaded=$HAUI_INPUTS/uploaded
timeout 120 kubeadm init phase upload-certs --upload-certs --config "$HAUI_INPUTS/init.yaml" \
    >"$uploaded" 2>&1 </dev/null || {
    uploading=$?
    hide_secrets <"$uploaded" >&2
    in_time "$uploading" "the control plane's certificates can't be uploaded"
}
certificate_key=$(grep -E '^[0-9a-f]{64}$' "$uploaded" | tail -n 1)
[ -n "$certificate_key" ] || die "kubeadm init phase upload-certs printed no key"
# Tells whose upload this is, so that only that join takes it away.
admin -n kube-system annotate secret kubeadm-certs "haui/join=$HAUI_HOST" --overwrite >/dev/null ||
    die "the uploaded certificates can't be marked"
printf 'certificate_key=%s\nadmin_conf=%s\n' "$certificate_key" "$(base64 -w 0 <"$K8S/admin.conf")"

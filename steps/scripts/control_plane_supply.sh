# shellcheck shell=sh
# haui: include kubernetes_lib
# Run on a working control plane: what HAUI_HOST needs to join, minted for this join alone and short
# lived. Everything goes to stdout as name=value and is kept in memory by the caller; no secret is an
# argument of a command, where other users of the host could read it.

working_control_plane

delete_tokens "haui join $HAUI_HOST" >/dev/null
command=$(timeout 60 kubeadm token create --ttl 30m --description "haui join $HAUI_HOST" --print-join-command </dev/null) ||
    die "kubeadm token create failed"
token=$(printf '%s\n' "$command" | sed -n 's/.*--token \([a-z0-9.]*\).*/\1/p' | tail -n 1)
ca_hash=$(printf '%s\n' "$command" | sed -n 's/.*--discovery-token-ca-cert-hash \(sha256:[0-9a-f]*\).*/\1/p' | tail -n 1)
if [ -z "$token" ] || [ -z "$ca_hash" ]; then
    die "kubeadm token create printed neither a token nor the CA's hash"
fi
printf 'token=%s\nca_hash=%s\nvia=%s\n' "$token" "$ca_hash" "$NODE"
[ "$HAUI_KIND" = control-plane ] || exit 0

# others_upload_gone: is nothing uploaded that another join may be taking back at this moment?
others_upload_gone() {
    uploaded_for=$(admin -n kube-system get secret kubeadm-certs --ignore-not-found \
        -o 'jsonpath={.metadata.annotations.haui/join}' 2>/dev/null)
    [ -z "$uploaded_for" ] || [ "$uploaded_for" = "$HAUI_HOST" ]
}

# The join before this one ends before it has taken its certificates back; uploaded now, ours would go with them. What
# a killed run has left is overwritten.
retry 20 others_upload_gone || admin -n kube-system delete secret kubeadm-certs --ignore-not-found >/dev/null

# The key is in the output, which is a file in tmpfs that goes when this script ends.
uploaded=$HAUI_INPUTS/uploaded
if ! timeout 120 kubeadm init phase upload-certs --upload-certs --config "$HAUI_INPUTS/init.yaml" \
    >"$uploaded" 2>&1 </dev/null; then
    hide_secrets <"$uploaded" >&2
    die "the control plane's certificates can't be uploaded"
fi
certificate_key=$(grep -E '^[0-9a-f]{64}$' "$uploaded" | tail -n 1)
[ -n "$certificate_key" ] || die "kubeadm init phase upload-certs printed no key"
# Tells whose upload this is, so that only that join takes it away.
admin -n kube-system annotate secret kubeadm-certs "haui/join=$HAUI_HOST" --overwrite >/dev/null ||
    die "the uploaded certificates can't be marked"
printf 'certificate_key=%s\nadmin_conf=%s\n' "$certificate_key" "$(base64 -w 0 <"$K8S/admin.conf")"

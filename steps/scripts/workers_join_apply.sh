# shellcheck shell=sh
# haui: include kubernetes_lib node_notes_lib
# Makes this host a worker, or finishes what an earlier attempt has left:
#   joined     kubelet.conf, and the API knows the Node     only the kubelet is started
#   leftovers  files, but no Node or no certificate         reset this host, join
#   fresh      nothing of Kubernetes is here                join

JOIN=$HAUI_INPUTS/join.yaml

own_node() {
    kubectl --kubeconfig "$K8S/kubelet.conf" --request-timeout 10s get node "$HAUI_HOST" </dev/null >/dev/null 2>&1
}

# ca_hash: the hash of the CA that this host trusts, in kubeadm's form.
ca_hash() {
    openssl x509 -pubkey -noout -in "$K8S/pki/ca.crt" 2>/dev/null | openssl pkey -pubin -outform der 2>/dev/null |
        sha256sum | sed 's/ .*//; s/^/sha256:/'
}

worker_state() {
    if [ -e "$K8S/kubelet.conf" ] && [ ! -e "$K8S/bootstrap-kubelet.conf" ]; then
        systemctl start kubelet >/dev/null 2>&1 || true
        # A kubelet that has just been started registers its Node again.
        if retry 45 own_node; then
            echo joined
            return 0
        fi
    fi
    if has_leftovers; then echo leftovers; else echo fresh; fi
}

clear_leftovers() {
    echo "[haui] an earlier attempt has left a part of a worker; undoing it on this host"
    if [ -e "$K8S/pki/ca.crt" ] && [ -n "$HAUI_CA_HASH" ] && have openssl && [ "$(ca_hash)" != "$HAUI_CA_HASH" ]; then
        die "this host trusts the CA of another cluster" "if that one is not needed any more, run \"kubeadm reset\" here, then try again"
    fi
    diagnose
    kubeadm_reset
}

join() {
    set -- join --config "$JOIN"
    if [ -n "${HAUI_SKIP_FLAG:-}" ]; then
        set -- "$@" "--skip-phases=$HAUI_SKIP_FLAG"
    fi
    kubeadm_run 600 "$@"
}

# After a reset the old Node counts as Ready for up to 50 s, and for that long kubeadm refuses the name.
name_taken() {
    grep -qi 'a node with name.*already exists' "$KUBEADM_LOG"
}

restore_ours
drop_empty
note_node
found=$(worker_state)
echo "[haui] found: $found"
if [ "$found" = leftovers ]; then
    clear_leftovers
fi
if [ "$found" != joined ] && ! join; then
    name_taken || failed_kubeadm "kubeadm join failed"
    echo "[haui] the old Node of this name still counts as ready; trying again in a minute"
    sleep "${HAUI_NODE_GRACE:-60}"
    kubeadm_reset
    join || failed_kubeadm "kubeadm join failed"
fi
retry 120 own_node || die "the kubelet of this host does not register its Node"

# shellcheck shell=sh
# haui: include kubernetes_lib
# What lending and taking back have in common.

# alone: wait until no other script lends or takes back here. One that was cut off from haui may still be at it, and the
# certificates are one Secret for all joins.
alone() {
    mkdir -p "${HAUI_ROOT:-}/run/haui"
    exec 9>"${HAUI_ROOT:-}/run/haui/lending"
    flock -w 120 9 || die "another script lends a join its credentials on $NODE, and does not end"
}

# take_back_certificates: the uploaded ones, and the tokens that kubeadm makes to end their time.
take_back_certificates() {
    admin -n kube-system delete secret kubeadm-certs --ignore-not-found
    forget_certificates
}

# forget_certificates: those tokens alone.
forget_certificates() {
    delete_tokens "Proxy for managing TTL for the kubeadm-certs secret"
}

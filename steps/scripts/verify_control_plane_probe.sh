# shellcheck shell=sh
# haui: include kubernetes_lib
# This control plane's own parts: API server, controller manager, scheduler, and how long the
# certificates last.

healthy() {
    [ "$(kubectl --kubeconfig "$K8S/admin.conf" --server "https://127.0.0.1:$1" --insecure-skip-tls-verify \
        --request-timeout 5s get --raw /healthz 2>/dev/null </dev/null)" = ok ]
}

if retry 15 local_ready; then
    finding ok "API server of $HAUI_HOST" ok ok
else
    finding differs "API server of $HAUI_HOST" ok "no answer from $LOCAL_API"
fi
for component in "controller manager=10257" "scheduler=10259"; do
    if retry 15 healthy "${component##*=}"; then
        finding ok "${component%=*} of $HAUI_HOST" ok ok
    else
        finding differs "${component%=*} of $HAUI_HOST" ok "no healthy answer from 127.0.0.1:${component##*=}"
    fi
done
if have openssl; then
    soon=
    for certificate in "$K8S"/pki/*.crt "$K8S"/pki/etcd/*.crt; do
        [ -e "$certificate" ] || continue
        openssl x509 -noout -checkend "$((HAUI_CERTIFICATE_DAYS * 86400))" -in "$certificate" >/dev/null 2>&1 ||
            soon="$soon ${certificate##*/pki/}"
    done
    want "certificates of $HAUI_HOST valid for $HAUI_CERTIFICATE_DAYS days" all "$([ -z "$soon" ] && echo all || echo "all but$soon")"
else
    finding info "certificates of $HAUI_HOST" "" "not looked at: no openssl on this host"
fi

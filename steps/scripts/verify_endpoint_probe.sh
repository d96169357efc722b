# shellcheck shell=sh
# haui: include kubernetes_lib
# Does the API answer this node through the endpoint, with a certificate of the cluster's own CA?

answers_here() {
    ready "$K8S/kubelet.conf" "$ENDPOINT_API"
}

if retry 15 answers_here; then
    finding ok "API at $HAUI_ENDPOINT from $HAUI_HOST" ok ok
else
    reason=$(kubectl --kubeconfig "$K8S/kubelet.conf" --server "$ENDPOINT_API" --request-timeout 5s \
        get --raw /readyz 2>&1 </dev/null | tail -n 1)
    finding differs "API at $HAUI_ENDPOINT from $HAUI_HOST" ok "${reason:-no answer}"
fi

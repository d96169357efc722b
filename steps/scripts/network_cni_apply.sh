# shellcheck shell=sh
# haui: include kubernetes_lib
# Applies the pod network's manifest and waits until it runs here.

admin apply --server-side --force-conflicts -f "$HAUI_INPUTS/cni.yaml" || die "the pod network's manifest can't be applied"

first_pod_ready() {
    [ "$(admin -n "${HAUI_CNI_DAEMON_SET%%/*}" get daemonset "${HAUI_CNI_DAEMON_SET##*/}" \
        -o 'jsonpath={.status.numberReady}' 2>/dev/null)" -gt 0 ] 2>/dev/null
}

if [ -n "$HAUI_CNI_DAEMON_SET" ] && ! retry 420 first_pod_ready; then
    admin -n "${HAUI_CNI_DAEMON_SET%%/*}" get pods -o wide
    admin -n "${HAUI_CNI_DAEMON_SET%%/*}" get events --sort-by .lastTimestamp | tail -n 15
    die "the pod network does not start" "see the events above: mostly an image that can't be pulled"
fi
admin -n kube-system delete configmap haui-cni --ignore-not-found >/dev/null
admin -n kube-system create configmap haui-cni --from-literal "sha256=$HAUI_CNI_SHA256" ||
    die "the applied manifest can't be noted"

# shellcheck shell=sh
# haui: include kubernetes_lib
# Has this very manifest been applied, are its objects there, and does it run?

seen_hash=$(admin -n kube-system get configmap haui-cni -o 'jsonpath={.data.sha256}' 2>/dev/null || true)
want "applied manifest" "$HAUI_CNI_SHA256" "${seen_hash:-none}"
if admin get -f "$HAUI_INPUTS/cni.yaml" >/dev/null 2>&1; then
    finding ok "objects of the pod network" present present
else
    finding differs "objects of the pod network" present "some are absent"
fi
if [ -n "$HAUI_CNI_DAEMON_SET" ]; then
    # A node that is down must not make this step run again: one ready pod proves the manifest.
    ready_pods=$(admin -n "${HAUI_CNI_DAEMON_SET%%/*}" get daemonset "${HAUI_CNI_DAEMON_SET##*/}" \
        -o 'jsonpath={.status.numberReady}' 2>/dev/null || true)
    if [ "${ready_pods:-0}" -gt 0 ]; then
        finding ok "pods of the pod network" ready "$ready_pods ready"
    else
        finding differs "pods of the pod network" ready none
    fi
fi

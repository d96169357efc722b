# shellcheck shell=sh
# haui: include network_cni_lib
# Has this very manifest been applied, are its objects there, and does it run?

seen_hash=$(admin -n kube-system get configmap haui-cni -o 'jsonpath={.data.sha256}' 2>/dev/null || true)
want "applied manifest" "$HAUI_CNI_SHA256" "${seen_hash:-none}"
if admin get -f "$HAUI_INPUTS/cni.yaml" >/dev/null 2>&1; then
    finding ok "objects of the pod network" present present
else
    finding differs "objects of the pod network" present "some are absent"
fi
for word in ${HAUI_CNI_WORKLOADS:-}; do
    workload "$word"
    # A node that is down must not make this step run again: one ready pod proves the manifest.
    ready_now=$(ready_pods)
    if [ "$ready_now" -gt 0 ]; then
        finding ok "pods of $WL_NAME" ready "$ready_now ready"
    else
        finding differs "pods of $WL_NAME" ready none
    fi
done

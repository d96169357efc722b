# shellcheck shell=sh
# haui: include network_cni_lib
# Do all workloads of the pod network run on every node, or as often as they shall, in their present form?

for word in ${HAUI_CNI_WORKLOADS:-}; do
    workload "$word"
    case $WL_KIND in
        daemonset) numbers=$(counted .status.desiredNumberScheduled .status.numberReady .status.updatedNumberScheduled) || numbers= ;;
        *) numbers=$(counted .spec.replicas .status.readyReplicas .status.updatedReplicas) || numbers= ;;
    esac
    if [ -z "$numbers" ]; then
        finding differs "$WL_KIND $WL_NAME" "all pods ready" "no such object, or no answer from $LOCAL_API"
        continue
    fi
    read -r wanted_pods ready_now updated_now <<NUMBERS
$numbers
NUMBERS
    if [ "$wanted_pods" -gt 0 ] && [ "$ready_now" -ge "$wanted_pods" ] && [ "$updated_now" -ge "$wanted_pods" ]; then
        finding ok "$WL_KIND $WL_NAME" "all pods ready" "$ready_now of $wanted_pods"
        continue
    fi
    late=$(unready | head -n 3 | awk '{ printf "%s%s on %s: ", (NR > 1 ? "; " : ""), $1, $2; for (i = 3; i <= NF; i++) printf "%s%s", (i > 3 ? " " : ""), $i }')
    finding differs "$WL_KIND $WL_NAME" "all pods ready" "$ready_now of $wanted_pods ready, $updated_now up to date${late:+; $late}"
done

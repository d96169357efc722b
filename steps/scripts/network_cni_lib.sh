# shellcheck shell=sh
# haui: include kubernetes_lib
# The workloads of the pod network. HAUI_CNI_WORKLOADS holds one word for each:
# kind/namespace/name/label=value, kind being daemonset or deployment.

# workload WORD: splits it into WL_KIND, WL_NAMESPACE, WL_NAME and WL_SELECTOR (which may have slashes).
workload() {
    WL_KIND=${1%%/*}
    workload_rest=${1#*/}
    WL_NAMESPACE=${workload_rest%%/*}
    workload_rest=${workload_rest#*/}
    WL_NAME=${workload_rest%%/*}
    # shellcheck disable=SC2034  # read by the functions below
    WL_SELECTOR=${workload_rest#*/}
}

# counted PATHS: numbers out of the workload's object, 0 for each that is not there, with blanks between;
# nothing when there is no such object or no answer. PATHS are jsonpath expressions without braces.
counted() {
    counted_path=
    for counted_one in "$@"; do
        counted_path="$counted_path{$counted_one},"
    done
    counted_answer=$(admin -n "$WL_NAMESPACE" get "$WL_KIND" "$WL_NAME" -o "jsonpath=$counted_path" 2>/dev/null) || return 1
    [ -n "$counted_answer" ] || return 1
    printf '%s\n' "$counted_answer" | awk -F, '{ for (i = 1; i < NF; i++) printf "%s%d", (i > 1 ? " " : ""), $i; print "" }'
}

# ready_pods: how many pods of the workload are ready; 0 when nobody can say.
ready_pods() {
    case $WL_KIND in
        daemonset) ready_count=$(counted .status.numberReady) || ready_count=0 ;;
        *) ready_count=$(counted .status.readyReplicas) || ready_count=0 ;;
    esac
    printf '%s' "$ready_count"
}

# begun: is at least one pod of every workload ready? Nodes that are down or yet to join must not count.
begun() {
    for begun_word in ${HAUI_CNI_WORKLOADS:-}; do
        workload "$begun_word"
        [ "$(ready_pods)" -gt 0 ] || return 1
    done
}

# unready: the workload's pods that are not ready, a line each: POD NODE REASON, the reason being what its
# container waits for, or its phase.
unready() {
    admin -n "$WL_NAMESPACE" get pods -l "$WL_SELECTOR" \
        -o 'jsonpath={range .items[*]}{.metadata.name}{"\t"}{.spec.nodeName}{"\t"}{.status.phase}{"\t"}{range .status.conditions[?(@.type=="Ready")]}{.status}{end}{"\t"}{range .status.initContainerStatuses[*]}{.state.waiting.reason}{" "}{end}{range .status.containerStatuses[*]}{.state.waiting.reason}{" "}{end}{"\n"}{end}' 2>/dev/null |
        awk -F '\t' '$4 != "True" && NF >= 4 {
            reason = $5; gsub(/ +/, " ", reason); sub(/^ /, "", reason); sub(/ $/, "", reason)
            # A container that waits for the init containers says only that.
            if (reason ~ / /) sub(/ ?PodInitializing/, "", reason)
            print $1, ($2 == "" ? "-" : $2), (reason == "" ? $3 : reason)
        }'
}

# last_events POD: its last events, newest last.
last_events() {
    admin -n "$WL_NAMESPACE" get events --field-selector "involvedObject.name=$1" --sort-by .lastTimestamp \
        -o 'jsonpath={range .items[*]}{.reason}{": "}{.message}{"\n"}{end}' 2>/dev/null | tail -n 3
}

# told_why: for every workload the pods that are not ready, on which node, and why; at most 4 of each.
# The last line that tells a reason is kept in TOLD.
told_why() {
    TOLD=
    for told_word in ${HAUI_CNI_WORKLOADS:-}; do
        workload "$told_word"
        told_pods=$(unready | head -n 4)
        if [ -z "$told_pods" ] && [ "$(ready_pods)" -eq 0 ]; then
            echo "--- $WL_KIND $WL_NAME has no pods"
            last_events "$WL_NAME" | sed 's/^/    /'
            continue
        fi
        while read -r told_pod told_node told_reason; do
            [ -n "$told_pod" ] || continue
            echo "--- pod $told_pod on node $told_node: $told_reason"
            told_events=$(last_events "$told_pod")
            [ -z "$told_events" ] || printf '%s\n' "$told_events" | sed 's/^/    /'
            # shellcheck disable=SC2034  # read by who asked
            TOLD="pod $told_pod on node $told_node: $told_reason"
        done <<PODS
$told_pods
PODS
    done
}

# shellcheck shell=sh
# haui: include kubernetes_lib
# Runs pods on several nodes and reaches them: from each other, through a Service, by name; then takes
# everything away. Prints findings; what could not be measured is a finding too.

in_namespace() {
    admin -n "$HAUI_NAMESPACE" "$@"
}

gone() {
    ! admin get namespace "$HAUI_NAMESPACE" >/dev/null 2>&1
}

# take_away SECONDS: the namespace with everything in it. Its pods need no farewell: the kubelet of old
# versions takes up to a minute for that, and nobody uses them.
take_away() {
    ! gone || return 0
    admin delete namespace "$HAUI_NAMESPACE" --ignore-not-found --wait=false >/dev/null 2>&1
    in_namespace delete pods --all --grace-period=0 --force --wait=false >/dev/null 2>&1
    retry "$1" gone
}

# shellcheck disable=SC2317,SC2329  # called by the trap
clean_up() {
    trap - EXIT
    echo "[haui] taking the namespace $HAUI_NAMESPACE away"
    take_away 120 || echo "[haui] the namespace $HAUI_NAMESPACE is still there"
}

# fetch POD ADDRESS PORT: the /hostname that a pod gets there, without spaces; nothing when it gets
# nothing. Where the image's wget is missing or broken (statically linked ones crash looking up the
# name of a port), nc asks.
fetch() {
    # shellcheck disable=SC2016  # expanded in the pod
    kubectl_within 30 --kubeconfig "$K8S/admin.conf" --server "$LOCAL_API" -n "$HAUI_NAMESPACE" exec "$1" -- sh -c '
        case $1 in *:*) host="[$1]" ;; *) host=$1 ;; esac
        wget -q -O - -T 5 "http://$host:$2/hostname" 2>/dev/null ||
            printf "GET /hostname HTTP/1.0\r\nHost: %s\r\n\r\n" "$host" | nc -w 5 "$1" "$2" | tail -n 1
    ' sh "$2" "$3" 2>/dev/null </dev/null | tr -d '[:space:]'
}

# gets POD ADDRESS PORT ANSWER and gets_any POD ADDRESS PORT: is it that answer, or that of any pod?
gets() {
    got=$(fetch "$1" "$2" "$3")
    [ "$got" = "$4" ]
}

gets_any() {
    got=$(fetch "$1" "$2" "$3")
    case " $pod_names " in
        *" ${got:-none} "*) return 0 ;;
    esac
    return 1
}

# expect WHAT POD ADDRESS PORT ANSWER: asked for 10 s.
expect() {
    retry 10 gets "$2" "$3" "$4" "$5" || true
    want "$1" "$5" "${got:-no answer}"
}

# expect_any WHAT POD ADDRESS PORT: asked for 90 s, and 10 s once that was in vain. A kube-proxy that has lost its API
# server, which may have booted just now, asks it again after up to a minute (client-go's reflector waits for at most 30 s
# and, by chance, as much again), and only then knows a new Service.
expect_any() {
    if retry "$patience" gets_any "$2" "$3" "$4"; then
        finding ok "$1" "one of the pods" "$got"
    else
        finding differs "$1" "one of the pods" "${got:-no answer}"
        patience=10
    fi
}
patience=90

all_ready() {
    [ "$(in_namespace get deployment web -o 'jsonpath={.status.readyReplicas}' 2>/dev/null)" = "$HAUI_REPLICAS" ]
}

# hopeless: does a pod wait for an image that can't be pulled? Asked after a minute, since a registry may
# be busy for a moment.
hopeless() {
    case $(in_namespace get pods -o 'jsonpath={.items[*].status.containerStatuses[*].state.waiting.reason}' 2>/dev/null) in
        *ImagePullBackOff* | *InvalidImageName*) return 0 ;;
    esac
    return 1
}

# A namespace is here already when an earlier run was killed.
take_away 180 || die "the namespace $HAUI_NAMESPACE of an earlier verification does not go away" \
    "see: kubectl get namespace $HAUI_NAMESPACE -o yaml"
trap clean_up EXIT
trap 'exit 143' TERM
trap 'exit 129' HUP
trap 'exit 130' INT
# Its host may have booted a moment ago.
retry 120 local_ready || die "the API server of this host does not answer at $LOCAL_API" \
    "see on it, as root: crictl ps -a; journalctl -u kubelet -n 50"
admin create namespace "$HAUI_NAMESPACE" || die "the namespace $HAUI_NAMESPACE can't be made"
retry 30 in_namespace get serviceaccount default >/dev/null 2>&1
in_namespace apply -f "$HAUI_INPUTS/workload.yaml" || die "the workload can't be made"

if ! retry 60 all_ready && { hopeless || ! retry 240 all_ready; }; then
    in_namespace get pods -o wide
    in_namespace get events --sort-by .lastTimestamp | tail -n 15
    reason=$(in_namespace get pods -o 'jsonpath={range .items[*].status.containerStatuses[*]}{.state.waiting.reason} {.state.waiting.message}{"\n"}{end}' 2>/dev/null | grep '[^ ]' | head -n 1)
    seen_ready=$(in_namespace get deployment web -o 'jsonpath={.status.readyReplicas}')
    finding differs "pods of the workload" "$HAUI_REPLICAS ready" "${seen_ready:-0} ready${reason:+: $reason}"
    exit 0
fi
pods=$(in_namespace get pods -l app=haui-verify --sort-by .spec.nodeName \
    -o 'jsonpath={range .items[?(@.status.phase=="Running")]}{.metadata.name} {.spec.nodeName} {.status.podIP}{"\n"}{end}')
pod_names=$(printf '%s\n' "$pods" | awk '{ printf "%s ", $1 }')
nodes_used=$(printf '%s\n' "$pods" | awk '{ print $2 }' | sort -u | grep -c .)
nodes_known=$(printf '%s\n' "${HAUI_NODES:-}" | wc -w)
finding ok "pods of the workload" "$HAUI_REPLICAS ready" "$HAUI_REPLICAS ready"
if [ "$nodes_known" -ge 2 ]; then
    if [ "$nodes_used" -ge 2 ]; then
        finding ok "nodes with a pod" "2 or more" "$nodes_used"
    else
        finding differs "nodes with a pod" "2 or more" "$nodes_used"
    fi
fi

first_line=$(printf '%s\n' "$pods" | head -n 1)
previous=$(printf '%s\n' "$pods" | tail -n 1)
service=$(in_namespace get service web -o 'jsonpath={.spec.clusterIP}')
has_dns=
if admin -n kube-system get deployment coredns >/dev/null 2>&1; then
    has_dns=yes
fi
while read -r pod node address; do
    # The ring of pods, in both directions.
    other_pod=$(printf '%s\n' "$previous" | cut -d ' ' -f 1)
    other_node=$(printf '%s\n' "$previous" | cut -d ' ' -f 2)
    other_address=$(printf '%s\n' "$previous" | cut -d ' ' -f 3)
    if [ "$HAUI_REPLICAS" -gt 2 ] || [ "$pod $node $address" = "$first_line" ]; then
        expect "pod to pod $other_node -> $node" "$other_pod" "$address" 8080 "$pod"
        expect "pod to pod $node -> $other_node" "$pod" "$other_address" 8080 "$other_pod"
    fi
    expect_any "Service by address from $node" "$pod" "$service" 80
    if [ -n "$has_dns" ]; then
        expect_any "Service by name from $node" "$pod" "web.$HAUI_NAMESPACE.svc.$HAUI_DNS_DOMAIN" 80
    fi
    if in_namespace logs "$pod" 2>/dev/null | grep -q 'haui-verify is up'; then
        finding ok "logs from $node" readable readable
    else
        finding differs "logs from $node" readable "no such line"
    fi
    previous="$pod $node $address"
done <<LIST
$pods
LIST
if [ -z "$has_dns" ]; then
    finding info "Service by name" "" "not looked at: this cluster has no CoreDNS"
fi

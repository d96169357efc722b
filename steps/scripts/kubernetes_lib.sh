# shellcheck shell=sh
# What the scripts around kubeadm share: where its files are, how to ask the API server and etcd,
# and how to run kubeadm without a secret getting into its output. HAUI_ROOT is set by tests only.

K8S=${HAUI_ROOT:-}/etc/kubernetes
# shellcheck disable=SC2034  # read by the scripts that follow
ETCD_DATA=${HAUI_ROOT:-}/var/lib/etcd
ETCD_PKI=/etc/kubernetes/pki/etcd # inside the etcd container, where HAUI_ROOT means nothing
PAUSE=${HAUI_PAUSE:-2}            # seconds between two looks at something that is awaited

url_host() {
    case $1 in
        *:*) printf '[%s]' "$1" ;;
        *) printf '%s' "$1" ;;
    esac
}

NODE=${HAUI_HOST:-}
LOCAL_API="https://$(url_host "${HAUI_ADDRESS:-127.0.0.1}"):6443"
ENDPOINT_API="https://${HAUI_ENDPOINT:-}"

# here: for a script that runs on a control plane on behalf of a task of another host, which is the one
# that HAUI_HOST and HAUI_ADDRESS mean. Finds out on which of HAUI_CONTROL_PLANES (name=address …) it is
# and makes NODE and LOCAL_API mean that one; fails on a host that is none of them.
here() {
    here_address=$(sed -n 's/.*--advertise-address=//p' "$K8S/manifests/kube-apiserver.yaml" 2>/dev/null | head -n 1)
    for here_pair in ${HAUI_CONTROL_PLANES:-}; do
        if [ "${here_pair#*=}" = "$here_address" ]; then
            NODE=${here_pair%%=*}
            LOCAL_API="https://$(url_host "$here_address"):6443"
            return 0
        fi
    done
    return 1
}

# working_control_plane: be on one, see `here`, or end.
working_control_plane() {
    here || die "the host that was asked is not a control plane of this cluster yet"
    local_ready || die "the API server of $NODE does not answer at $LOCAL_API"
}

# admin ARGS...: kubectl as the admin on this host's own API server; works where the endpoint does
# not. Long waits (rollout, wait) leave the request timeout out, since it would cut their watches.
admin() {
    kubectl --kubeconfig "$K8S/admin.conf" --server "$LOCAL_API" --request-timeout 10s "$@" </dev/null
}

admin_waiting() {
    kubectl --kubeconfig "$K8S/admin.conf" --server "$LOCAL_API" "$@" </dev/null
}

# ready KUBECONFIG URL: does that API server say that it is ready?
ready() {
    [ "$(kubectl --kubeconfig "$1" --server "$2" --request-timeout 5s get --raw /readyz 2>/dev/null </dev/null)" = ok ]
}

local_ready() {
    ready "$K8S/admin.conf" "$LOCAL_API"
}

endpoint_ready() {
    ready "$K8S/admin.conf" "$ENDPOINT_API"
}

# api_answers URL: does any API server answer there, whoever it is and whatever it thinks of us?
api_answers() {
    seen_answer=$(kubectl --kubeconfig /dev/null --server "$1" --token none --insecure-skip-tls-verify \
        --request-timeout 3s get --raw /readyz 2>&1 </dev/null) && return 0
    case $seen_answer in
        *nauthorized* | *orbidden* | *"must be logged in"*) return 0 ;;
    esac
    return 1
}

# answering_peer: the first of the other control planes (HAUI_PEERS, addresses) with a running API
# server; nothing and status 1 when there is none.
answering_peer() {
    for peer in ${HAUI_PEERS:-}; do
        if api_answers "https://$(url_host "$peer"):6443"; then
            printf '%s\n' "$peer"
            return 0
        fi
    done
    return 1
}

# conf_server FILE: the server that a kubeconfig names.
conf_server() {
    sed -n 's/^ *server: *//p' "$1" 2>/dev/null | head -n 1
}

# left_out ADDON: does the cluster file leave that addon of kubeadm out (HAUI_LEFT_OUT)?
left_out() {
    case ,${HAUI_LEFT_OUT:-}, in
        *,"$1",* | *,addon,*) return 0 ;;
    esac
    return 1
}

# labelled: is this host's Node marked as a control plane, kubeadm's last act on it?
labelled() {
    [ -n "$(admin get nodes -l node-role.kubernetes.io/control-plane \
        --field-selector "metadata.name=$HAUI_HOST" -o name 2>/dev/null)" ]
}

# kubelet_config_name: the ConfigMap with the kubelets' settings.
kubelet_config_name() {
    if [ "$HAUI_MINOR" -le 23 ]; then echo "kubelet-config-1.$HAUI_MINOR"; else echo kubelet-config; fi
}

# server_version: what this host's API server says it is, "v1.20.2".
server_version() {
    admin get --raw /version 2>/dev/null | sed -n 's/.*"gitVersion": *"\([^"]*\)".*/\1/p'
}

# delete_tokens DESCRIPTION: take away the bootstrap tokens that carry this description.
delete_tokens() {
    tokens_wanted=$(printf %s "$1" | base64 -w 0)
    admin -n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token \
        -o 'jsonpath={range .items[*]}{.metadata.name}{" "}{.data.description}{"\n"}{end}' |
        while read -r token_secret token_description; do
            [ "$token_description" = "$tokens_wanted" ] || continue
            admin -n kube-system delete secret "$token_secret" --ignore-not-found
        done
}

# etcd_exec ADDRESS ARGS...: etcdctl against the etcd at ADDRESS, run in this host's own etcd container
# (by its API server, or without it), or in that of ETCD_NODE by the API server ETCD_SERVER.
etcd_exec() {
    etcd_url="https://$(url_host "$1"):2379"
    shift
    set -- etcdctl --endpoints="$etcd_url" --cacert="$ETCD_PKI/ca.crt" \
        --cert="$ETCD_PKI/healthcheck-client.crt" --key="$ETCD_PKI/healthcheck-client.key" "$@"
    if timeout 20 kubectl --kubeconfig "${ETCD_KUBECONFIG:-$K8S/admin.conf}" --server "${ETCD_SERVER:-$LOCAL_API}" \
        -n kube-system exec "etcd-${ETCD_NODE:-$NODE}" -c etcd -- "$@" </dev/null 2>/dev/null; then
        return 0
    fi
    [ -z "${ETCD_NODE:-}" ] || return 1
    etcd_container=$(crictl ps -q --name '^etcd$' --state running 2>/dev/null | head -n 1)
    case $etcd_container in
        "" | *[!0-9a-f]*) return 1 ;;
    esac
    timeout 20 crictl exec "$etcd_container" "$@" </dev/null 2>/dev/null
}

# etcd_members: all members as `members` prints them; fails when etcd does not answer.
etcd_members() {
    etcd_listed=$(etcd_exec 127.0.0.1 member list) && [ -n "$etcd_listed" ] || return 1
    printf '%s\n' "$etcd_listed" | members
}

# members: one line a member: ID NAME ADDRESS STATE, STATE being unstarted, learner or voter and NAME
# "-" when it has none. Reads etcdctl's "ID, status, name, peer URLs, client URLs, is learner".
members() {
    awk -F', ' 'NF >= 5 {
        address = $4; sub(/,.*/, "", address); sub(/^https?:\/\//, "", address)
        sub(/:[0-9]+$/, "", address); gsub(/[][]/, "", address)
        state = ($2 != "started" || $3 == "") ? "unstarted" : ($6 == "true" ? "learner" : "voter")
        print $1, ($3 == "" ? "-" : $3), address, state
    }'
}

# member_field MEMBERS ADDRESS NUMBER: field 1 (id) or 4 (state) of the member at that address.
member_field() {
    printf '%s\n' "$1" | awk -v address="$2" -v field="$3" '$3 == address { print $field; exit }'
}

# hide_secrets: a filter that blots out bootstrap tokens and certificate keys. kubeadm is told not to
# print them; this is the second line of defence. Digests (sha256:…) stay.
hide_secrets() {
    sed -u -E -e 's/(^|[^a-z0-9.])[a-z0-9]{6}\.[a-z0-9]{16}($|[^a-z0-9.])/\1******.****************\2/g' \
        -e 's/(^|[^:0-9a-f])[0-9a-f]{64}($|[^0-9a-f])/\1****************\2/g'
}

# kubeadm_run SECONDS ARGS...: kubeadm with a time limit, its output shown without secrets and kept
# in $KUBEADM_LOG; its own exit status is returned.
kubeadm_run() {
    kubeadm_limit=$1
    shift
    KUBEADM_LOG=$(mktemp)
    kubeadm_status=$(mktemp)
    {
        timeout "$kubeadm_limit" kubeadm "$@" </dev/null && echo 0 >"$kubeadm_status" || echo $? >"$kubeadm_status"
    } 2>&1 | hide_secrets | tee "$KUBEADM_LOG"
    kubeadm_rc=$(cat "$kubeadm_status")
    rm -f "$kubeadm_status"
    return "$kubeadm_rc"
}

# explain FILE: what a known line in kubeadm's output usually means.
explain() {
    while IFS='|' read -r fragment meaning; do
        if grep -qi -- "$fragment" "$1" 2>/dev/null; then
            printf '%s\n' "$meaning"
            return 0
        fi
    done <<'TABLE'
could not find a JWS signature|the bootstrap token is gone or not signed yet: try again, a new one is made
kubeadm-certs.*not found|the uploaded certificates have expired: try again, they are uploaded anew
certificate has expired or is not yet valid|the clocks differ: check the time on this host and the control planes
cluster CA found in cluster-info.*not pinned|the endpoint answers from another cluster: check the virtual IP and who holds it
certificate signed by unknown authority|the endpoint answers from another cluster, or old kubeconfigs are left
unknown service runtime|containerd's CRI plugin is off or does not fit this Kubernetes: check /etc/containerd/config.toml
etcd cluster is not healthy|a dead or unstarted etcd member is listed: remove it and try again
not enough started members|an earlier etcd member has not started: remove it and try again
too many learner members|another control plane is joining at the same time
Port-[0-9]*\]|a port is taken by another program, or by an earlier attempt
ERROR ImagePull|an image can't be pulled: check the registry, its CA and login
ERROR SystemVerification|the kernel fails kubeadm's check: if you trust it, add SystemVerification to advanced.ignore_preflight_errors
ERROR |kubeadm's own check failed; the line names it
timed out waiting for the condition|the control plane did not come up: see the kubelet's lines
context deadline exceeded|the API server did not answer in time: see the kubelet's lines and the endpoint
TABLE
    return 1
}

# diagnose: the lines that tell why a kubelet or control plane does not come up.
diagnose() {
    echo "--- containers"
    crictl ps -a 2>/dev/null | head -n 20 || true
    echo "--- the kubelet's last lines"
    journalctl -u kubelet -n 25 --no-pager -o cat 2>/dev/null | cut -c 1-300 || true
    echo "---"
}

# failed_kubeadm WHAT: end with the decisive lines of the last kubeadm run.
failed_kubeadm() {
    failed_what=$1
    diagnose
    grep -E '\[ERROR|^error|error execution' "$KUBEADM_LOG" | head -n 8 || true
    failed_hint=$(explain "$KUBEADM_LOG" || true)
    rm -f "$KUBEADM_LOG"
    die "$failed_what${failed_hint:+: $failed_hint}"
}

# What kubeadm reset must not take: on disk, so that it survives a power cut in the middle.
KEPT=$K8S/haui-kept

# keep_ours: copy what is not kubeadm's from the folders that a reset empties: static pods of a load
# balancer, and client certificates for an external etcd. Such an etcd outlives the reset of the first control plane
# (KEEP_SIGNERS=external), and what it holds is only good with the signing keys that it was made with.
keep_ours() {
    for manifest in "$K8S"/manifests/*.yaml; do
        [ -e "$manifest" ] || continue
        case ${manifest##*/} in
            kube-apiserver.yaml | kube-controller-manager.yaml | kube-scheduler.yaml | etcd.yaml) ;;
            *) mkdir -p "$KEPT/manifests" && cp -p "$manifest" "$KEPT/manifests/" ;;
        esac
    done
    [ "${HAUI_ETCD:-stacked}" = external ] || return 0
    for certificate in etcd/ca.crt apiserver-etcd-client.crt apiserver-etcd-client.key; do
        [ -e "$K8S/pki/$certificate" ] || continue
        mkdir -p "$KEPT/pki/etcd" && chmod 0700 "$KEPT" && cp -p "$K8S/pki/$certificate" "$KEPT/pki/$certificate"
    done
    [ "${KEEP_SIGNERS:-}" = external ] || return 0
    for signer in ca.crt front-proxy-ca.crt sa.pub; do
        # One without its key would make kubeadm believe that the key is elsewhere.
        [ -e "$K8S/pki/$signer" ] && [ -e "$K8S/pki/${signer%.*}.key" ] || continue
        mkdir -p "$KEPT/pki" && chmod 0700 "$KEPT" &&
            cp -p "$K8S/pki/$signer" "$K8S/pki/${signer%.*}.key" "$KEPT/pki/"
    done
}

# restore_ours: put it back, also when an earlier attempt died in the middle of a reset.
restore_ours() {
    [ -d "$KEPT" ] || return 0
    cp -Rp "$KEPT/." "$K8S/" && rm -rf "$KEPT"
}

# kubeadm_reset: undo kubeadm on this host only.
kubeadm_reset() {
    keep_ours || die "what is not kubeadm's in $K8S can't be kept"
    reset_rc=0
    kubeadm_run 300 reset -f || reset_rc=$?
    rm -f "$KUBEADM_LOG"
    stop_containers
    restore_ours || die "$KEPT can't be put back into $K8S"
    [ "$reset_rc" -eq 0 ] || die "kubeadm reset failed on this host with status $reset_rc"
}

# stop_containers: end what kubeadm reset could not reach through crictl, so that no old etcd or API
# server holds the ports or data of the next attempt.
stop_containers() {
    command -v ctr >/dev/null 2>&1 || return 0
    for container in $(ctr -n k8s.io tasks ls -q 2>/dev/null); do
        ctr -n k8s.io tasks kill -s SIGKILL "$container" >/dev/null 2>&1 || true
    done
    for container in $(ctr -n k8s.io containers ls -q 2>/dev/null); do
        ctr -n k8s.io tasks rm -f "$container" >/dev/null 2>&1 || true
        ctr -n k8s.io containers rm "$container" >/dev/null 2>&1 || true
    done
}

# retry SECONDS CMD...: until it succeeds; 1 when the time is over. Time is the clock's, and at least
# the pauses.
retry() {
    retry_limit=$1
    retry_began=$(uptime_seconds)
    retry_pauses=0
    shift
    until "$@"; do
        retry_pauses=$((retry_pauses + PAUSE))
        [ "$retry_pauses" -lt "$retry_limit" ] || return 1
        [ $(($(uptime_seconds) - retry_began)) -lt "$retry_limit" ] || return 1
        sleep "$PAUSE"
    done
}

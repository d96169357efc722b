# shellcheck shell=sh
# haui: include kubernetes_etcd_lib kubernetes_reset_lib
# What the scripts around kubeadm share: where its files are, how to ask the API server and etcd,
# and how to run kubeadm without a secret getting into its output. HAUI_ROOT is set by tests only.

K8S=${HAUI_ROOT:-}/etc/kubernetes
# shellcheck disable=SC2034  # read by the parts of this library, and the scripts that follow
{
    ETCD_DATA=${HAUI_ROOT:-}/var/lib/etcd
    ETCD_PKI=/etc/kubernetes/pki/etcd # inside the etcd container, where HAUI_ROOT means nothing
    # What kubeadm reset must not take: on disk, so that it survives a power cut in the middle.
    KEPT=$K8S/haui-kept
    # Present while /var/lib/etcd can only hold what a kubeadm that haui has started made there.
    OURS=${HAUI_ROOT:-}/var/lib/haui/half-done
}
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

# kubectl ARGS...: never through a proxy, which /etc/environment may name: the API servers here are asked by their addresses.
kubectl() {
    env NO_PROXY='*' no_proxy='*' kubectl "$@"
}

# kubectl_within SECONDS ARGS...: the same with a time limit.
kubectl_within() {
    kubectl_limit=$1
    shift
    timeout "$kubectl_limit" env NO_PROXY='*' no_proxy='*' kubectl "$@"
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

# ready_or_booting: local_ready. A control plane that was made once takes a moment after each boot of its host: it is
# waited for, and not taken for one that is broken.
ready_or_booting() {
    ! local_ready || return 0
    [ ! -e "$OURS" ] && [ -s "$K8S/manifests/kube-apiserver.yaml" ] && [ -s "$K8S/kubelet.conf" ] || return 1
    [ "$(systemctl is-active kubelet 2>/dev/null)" = active ] && retry 60 local_ready
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

# delete_tokens DESCRIPTION: take away the bootstrap tokens that carry this description, and the certificate requests
# that were made with them: one that nobody answered would stay for a day.
delete_tokens() {
    tokens_wanted=$(printf %s "$1" | base64 -w 0)
    admin -n kube-system get secrets --field-selector type=bootstrap.kubernetes.io/token \
        -o 'jsonpath={range .items[*]}{.metadata.name}{" "}{.data.description}{"\n"}{end}' |
        while read -r token_secret token_description; do
            [ "$token_description" = "$tokens_wanted" ] || continue
            delete_requests "system:bootstrap:${token_secret#bootstrap-token-}"
            admin -n kube-system delete secret "$token_secret" --ignore-not-found
        done
}

# delete_requests USER: the certificate requests of that user.
delete_requests() {
    admin get certificatesigningrequests \
        -o 'jsonpath={range .items[*]}{.metadata.name}{" "}{.spec.username}{"\n"}{end}' 2>/dev/null |
        while read -r request request_user; do
            [ "$request_user" = "$1" ] || continue
            admin delete certificatesigningrequest "$request" --ignore-not-found
        done
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
    # In tmpfs with the task's inputs: nothing is left behind, however this ends.
    KUBEADM_LOG=$(mktemp -p "${HAUI_INPUTS:-${TMPDIR:-/tmp}}")
    kubeadm_status=$(mktemp -p "${HAUI_INPUTS:-${TMPDIR:-/tmp}}")
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

# newest FILE...: the one that was written last; fails when there is none.
newest() {
    newest_file=
    for newest_seen in "$@"; do
        [ -e "$newest_seen" ] || continue
        if [ -z "$newest_file" ] || [ "$newest_seen" -nt "$newest_file" ]; then newest_file=$newest_seen; fi
    done
    [ -n "$newest_file" ] && printf '%s' "$newest_file"
}

# diagnose: the lines that tell why a kubelet or control plane does not come up.
diagnose() {
    echo "--- containers"
    crictl ps -a 2>/dev/null | head -n 20 || true
    # A reset takes these logs away, and with them the reason of what it undoes.
    for diagnosed in etcd kube-apiserver; do
        diagnosed_log=$(newest "${HAUI_ROOT:-}/var/log/pods/kube-system_$diagnosed"-*/"$diagnosed"/*.log) || continue
        echo "--- the last lines of $diagnosed"
        # What a panic says stands above its trace.
        sed '/ goroutine [0-9]* \[/,$d' "$diagnosed_log" | tail -n 8 | cut -c 1-300 | hide_secrets || true
    done
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

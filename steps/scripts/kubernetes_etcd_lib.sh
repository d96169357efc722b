# shellcheck shell=sh
# Asking the members of a stacked etcd. A part of kubernetes_lib, whose K8S, NODE and LOCAL_API it reads.

# etcd_exec ADDRESS ARGS...: etcdctl against the etcd at ADDRESS, run in this host's own etcd container
# (by its API server, or without it; ETCD_DIRECT=1: without it), or in that of ETCD_NODE by the API server ETCD_SERVER.
etcd_exec() {
    etcd_url="https://$(url_host "$1"):2379"
    shift
    set -- etcdctl --endpoints="$etcd_url" --cacert="$ETCD_PKI/ca.crt" \
        --cert="$ETCD_PKI/healthcheck-client.crt" --key="$ETCD_PKI/healthcheck-client.key" "$@"
    if [ -z "${ETCD_DIRECT:-}" ] && kubectl_within 20 --kubeconfig "${ETCD_KUBECONFIG:-$K8S/admin.conf}" --server "${ETCD_SERVER:-$LOCAL_API}" \
        -n kube-system exec "etcd-${ETCD_NODE:-$NODE}" -c etcd -- "$@" </dev/null 2>/dev/null; then
        return 0
    fi
    [ -z "${ETCD_NODE:-}" ] || return 1
    etcd_here "$@"
}

# etcd_here COMMAND...: run it in this host's etcd container, asking nobody but the runtime.
etcd_here() {
    etcd_container=$(crictl ps -q --name '^etcd$' --state running 2>/dev/null | head -n 1)
    case $etcd_container in
        "" | *[!0-9a-f]*) ;;
        *)
            timeout 20 crictl exec "$etcd_container" "$@" </dev/null 2>/dev/null
            return
            ;;
    esac
    for etcd_container in $(ctr -n k8s.io containers ls -q 'labels."io.kubernetes.container.name"==etcd' 2>/dev/null); do
        ctr -n k8s.io tasks ls 2>/dev/null | grep -q "^$etcd_container .*RUNNING" || continue
        timeout 20 ctr -n k8s.io tasks exec --exec-id "haui-$$" "$etcd_container" "$@" </dev/null 2>/dev/null
        return
    done
    return 1
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

# unfinished ADDRESS: is that one of the cluster's control planes whose join has never come to its end? What can't be
# asked counts as finished.
unfinished() {
    for unfinished_pair in ${HAUI_CONTROL_PLANES:-}; do
        [ "${unfinished_pair#*=}" = "$1" ] || continue
        unfinished_nodes=$(admin get nodes -l node-role.kubernetes.io/control-plane -o name 2>/dev/null) || return 1
        ! printf '%s\n' "$unfinished_nodes" | grep -qxF "node/${unfinished_pair%%=*}"
        return
    done
    return 1
}

# quorum_lost: does this host's etcd run without a leader? Only its metrics tell: a member that has started without a
# quorum answers no client at all, and its container is started again every other minute.
quorum_lost() {
    quorum_url=$(sed -n 's/.*--listen-metrics-urls=//p' "$K8S/manifests/etcd.yaml" 2>/dev/null | head -n 1)
    [ -n "$quorum_url" ] && curl -fsS --noproxy '*' --max-time 5 "${quorum_url%%,*}/metrics" 2>/dev/null |
        grep -q '^etcd_server_has_leader 0'
}

# absent_members: the members that this one misses, for people: from etcd's list, or by the ids that it asks for votes.
absent_members() {
    ETCD_DIRECT=1 # the API server only answers while there is a quorum
    absent_listed=$(etcd_members | awk '$4 == "unstarted" { printf "%s%s of %s", (n++ ? ", " : ""), $1, $3 }')
    ETCD_DIRECT=
    if [ -z "$absent_listed" ]; then
        absent_log=$(newest "${HAUI_ROOT:-}"/var/log/pods/kube-system_etcd-*/etcd/*.log) || return 0
        absent_listed=$(tail -n 300 "$absent_log" |
            sed -n 's/.*sent Msg[PreVot]* request to \([0-9a-f]*\) .*/\1/p' | sort -u | tr '\n' ' ')
    fi
    printf '%s' "${absent_listed% }"
}

# quorum_advice: how a person gets out of it, in commands that a shell takes as they are. Never done by haui: it makes
# this host's data the only truth. The old etcd is ended by hand: a kubelet that was started anew ends no pod of which it
# does not know from the API, which is gone.
quorum_advice() {
    advice_until="until kubectl --kubeconfig /etc/kubernetes/admin.conf --server $LOCAL_API get nodes; do sleep 5; done"
    cat <<ADVICE
If etcd can be started on the missing host, that is enough: start its kubelet. If not, and only while $NODE is the one control plane that has ever been complete, as root on $NODE: \
systemctl stop kubelet; pkill -x etcd; while pgrep -x etcd; do sleep 1; done; cp -a /var/lib/etcd /root/etcd-before; cp /etc/kubernetes/manifests/etcd.yaml /root/etcd.yaml; \
sed 's/^    - etcd$/&\\n    - --force-new-cluster/' /root/etcd.yaml >/etc/kubernetes/manifests/etcd.yaml; systemctl start kubelet; \
$advice_until; cp /root/etcd.yaml /etc/kubernetes/manifests/etcd.yaml; sleep 60; $advice_until. Then run haui resume.
ADVICE
}

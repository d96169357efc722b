# shellcheck shell=sh
# haui: include control_plane_init_lib endpoint_kube_vip_lib node_notes_lib etcd_room_lib
# Makes the first control plane, or finishes what an earlier attempt has left. What is to be done is
# decided by what is found on this host, never by what an earlier attempt believed:
#   fresh    nothing of Kubernetes is here          kubeadm init
#   running  the API server of this host answers    only the phases whose objects are missing
#   broken   files are here, no API server          wait for it; else reset this host and init again,
#                                                   but only while no other control plane exists, and
#                                                   no init has ever come to its end here

CONFIG=${HAUI_ROOT:-}/etc/haui/kubeadm-init.yaml

first_state() {
    if [ -s "$K8S/admin.conf" ] && local_ready && ! keys_lost; then
        echo running
    elif has_leftovers; then
        echo broken
    else
        echo fresh
    fi
}

init() {
    if first_peer=$(answering_peer); then
        die "a control plane of this cluster runs already on $first_peer; starting another one here would make a second cluster. Put that host first in the cluster file"
    fi
    if [ "$HAUI_ETCD" = stacked ] && [ -e "$ETCD_DATA/member" ]; then
        die "$ETCD_DATA holds the data of an etcd that nothing here starts. If it is not needed any more, move it away, then try again"
    fi
    [ "$HAUI_ETCD" != stacked ] || etcd_room
    if [ -e "${HAUI_INPUTS:-}/kube-vip-init.yaml" ]; then
        put_vip_manifest kube-vip-init.yaml
    fi
    note_node
    begin_kubeadm || die "/var/lib/haui can't be written"
    set -- init --config "$CONFIG" --skip-token-print --skip-certificate-key-print
    if [ -n "${HAUI_SKIP_FLAG:-}" ]; then
        set -- "$@" "--skip-phases=$HAUI_SKIP_FLAG"
    fi
    kubeadm_run 900 "$@" || failed_kubeadm "kubeadm init failed"
    rm -f "$KUBEADM_LOG"
}

# An API server that is up but has not been asked for long: give it, and the way to it, a moment.
await_api() {
    retry 120 local_ready || die "the API server of this host does not become ready"
    retry 120 endpoint_ready || die "the API server of this host is fine ($LOCAL_API), but nothing answers at the endpoint $HAUI_ENDPOINT: check the virtual IP and the load balancer. The control plane was left alone"
}

# external_keys: does the external etcd hold a cluster's data? Asked over its HTTP interface, since this host has no
# etcdctl: one key from /registry/ on, both ends in Base64.
external_keys() {
    for keys_pair in $HAUI_ETCD_MEMBERS; do
        keys_seen=$(curl -gfsS --noproxy '*' --max-time 5 --cacert "$K8S/pki/etcd/ca.crt" \
            --cert "$K8S/pki/apiserver-etcd-client.crt" --key "$K8S/pki/apiserver-etcd-client.key" \
            -d '{"key":"L3JlZ2lzdHJ5Lw==","range_end":"L3JlZ2lzdHJ5MA==","limit":"1","keys_only":true}' \
            "https://$(url_host "${keys_pair#*=}"):2379/v3/kv/range" 2>&1) || continue
        case $keys_seen in
            *'"kvs"'*) return 0 ;;
        esac
        return 1
    done
    die "no member of the external etcd answers this host: $keys_seen" "check port 2379 of the etcd hosts"
}

# What a cluster has in etcd is signed by its CA and service account key. A new cluster on old data would half work.
fresh_etcd() {
    [ "$HAUI_ETCD" = external ] || return 0
    ! external_keys || die "the external etcd holds the data of a cluster, and this host has none of its certificates" \
        "put the host that has them first among the control planes; if the data is not needed any more, run on an etcd host, as root: . /etc/etcd/etcdctl.env; etcdctl del --prefix /registry/"
}

phase() {
    echo "[haui] running kubeadm init phase $*"
    kubeadm_run 300 init phase "$@" --config "$CONFIG" || failed_kubeadm "kubeadm init phase $* failed"
    rm -f "$KUBEADM_LOG"
}

# finish PHASE [ARGS...]: run it when something that it makes is missing.
finish() {
    finish_lacks=$(missing_of "$1")
    [ -n "$finish_lacks" ] || return 0
    echo "[haui] missing: $finish_lacks"
    finish_phase=$1
    shift
    # shellcheck disable=SC2086  # "addon coredns" is two words
    phase $finish_phase "$@"
}

finish_phases() {
    seen_version=$(server_version)
    [ "$seen_version" = "v$HAUI_VERSION" ] ||
        die "this control plane runs $seen_version and the cluster file asks for v$HAUI_VERSION: upgrades are not done here"
    for conf in kubelet.conf controller-manager.conf scheduler.conf; do
        [ -s "$K8S/$conf" ] || { phase kubeconfig all && break; }
    done
    for component in apiserver controller-manager scheduler; do
        [ -e "$K8S/manifests/kube-$component.yaml" ] || phase control-plane "$component"
    done
    # Where kubeadm stopped before it gave admin.conf its rights, only super-admin.conf has any.
    if [ "$HAUI_MINOR" -ge 29 ] && [ -e "$K8S/super-admin.conf" ] && ! admin get clusterrolebinding kubeadm:cluster-admins >/dev/null 2>&1; then
        kubectl --kubeconfig "$K8S/super-admin.conf" --server "$LOCAL_API" create clusterrolebinding \
            kubeadm:cluster-admins --clusterrole=cluster-admin --group=kubeadm:cluster-admins </dev/null
    fi
    finish upload-config all
    keeps_socket || phase upload-config kubelet
    labelled || phase mark-control-plane
    finish bootstrap-token --skip-token-print
    grep -q kubelet-client-current "$K8S/kubelet.conf" || phase kubelet-finalize all
    left_out addon/coredns || finish "addon coredns"
    left_out addon/kube-proxy || finish "addon kube-proxy"
}

# could_start: is everything here that the kubelet needs to bring the API server up by itself?
could_start() {
    ! keys_lost && [ -s "$K8S/kubelet.conf" ] && [ -s "$K8S/manifests/kube-apiserver.yaml" ] || return 1
    [ "$HAUI_ETCD" = external ] || [ -s "$K8S/manifests/etcd.yaml" ]
}

recover() {
    echo "[haui] an earlier attempt has left files and no running API server"
    if could_start; then
        systemctl start kubelet || true
        if retry 90 local_ready; then
            return 0
        fi
    fi
    diagnose
    recover_server=$(conf_server "$K8S/admin.conf")
    case $recover_server in
        "" | "$ENDPOINT_API") ;;
        *) die "this host belongs to the cluster at $recover_server. If that one is not needed any more, run \"kubeadm reset\" here, then try again" ;;
    esac
    if recover_peer=$(answering_peer); then
        die "the API server of this host does not come up, and $recover_peer is a control plane of this cluster already: this host is to be replaced, not set up afresh. Put $recover_peer first in the cluster file, remove this host's etcd member and Node, run \"kubeadm reset\" here, then try again"
    fi
    if [ "$HAUI_ETCD" = stacked ] && [ -s "$K8S/manifests/etcd.yaml" ] && ! keys_lost && retry 30 quorum_lost; then
        recover_absent=$(absent_members)
        die "etcd of this host runs, but has lost its quorum${recover_absent:+: it misses $recover_absent}. Nothing was undone" "$(quorum_advice)"
    fi
    # A cluster that was complete once has data, whoever answers now.
    may_undo || die "the API server of this host does not come up, and this control plane was complete once. Nothing was undone" \
        "find out from the lines above why it does not come up; if the cluster is not needed any more, run \"kubeadm reset\" here, then haui resume"
    echo "[haui] nothing else has joined: undoing kubeadm on this host"
    # shellcheck disable=SC2034  # read by keep_ours
    KEEP_SIGNERS=$HAUI_ETCD
    kubeadm_reset
    drop_own_data
    init
}

restore_ours
drop_empty
case $(first_state) in
    fresh)
        fresh_etcd
        init
        ;;
    broken) recover ;;
    running) echo "[haui] the API server of this host answers: only what is missing is made" ;;
esac
await_api
finish_phases
delete_tokens "haui init"
end_kubeadm
retry 60 endpoint_ready || die "nothing answers at the endpoint $HAUI_ENDPOINT"

# shellcheck shell=sh
# haui: include kubernetes_lib node_notes_lib etcd_room_lib
# Makes this host a further control plane, or finishes what an earlier attempt has left. Besides its
# own files this host looks at the cluster through the control plane that gave the join its
# credentials (HAUI_VIA, HAUI_VIA_ADDRESS and $HAUI_INPUTS/admin.conf, in tmpfs for the time of the join):
#   complete    voter, API server ready, labelled     nothing
#   unlabelled  voter, API server ready, no label     only kubeadm's last phase
#   silent      voter, labelled, no API server here   a person has to look: never undone by itself
#   leftovers   anything else that is not nothing     drop the dead member and Node, reset, join
#   fresh       no file, no member, no Node           join
# Labelled means that a join came to its end here once: kubeadm does it last.

JOIN=$HAUI_INPUTS/join.yaml
# shellcheck disable=SC2034  # read by etcd_exec
ETCD_NODE=$HAUI_VIA
ETCD_KUBECONFIG=$HAUI_INPUTS/admin.conf
ETCD_SERVER="https://$(url_host "$HAUI_VIA_ADDRESS"):6443"

# via ARGS...: kubectl at the control plane that helps.
via() {
    kubectl --kubeconfig "$ETCD_KUBECONFIG" --server "$ETCD_SERVER" --request-timeout 10s "$@" </dev/null
}

via_ready() {
    ready "$ETCD_KUBECONFIG" "$ETCD_SERVER"
}

# member FIELD: this host's member as the others see it, "none" when it has none.
member() {
    if [ "$HAUI_ETCD" = external ]; then
        echo external
        return 0
    fi
    seen_members=$(etcd_members) || return 1
    seen_member=$(member_field "$seen_members" "$HAUI_ADDRESS" "$1")
    echo "${seen_member:-none}"
}

is_member() {
    [ "$(member 4)" = "$1" ]
}

is_started() {
    is_member voter || is_member learner
}

promoted() {
    is_member voter && return 0
    promote_id=$(member 1) && etcd_exec 127.0.0.1 member promote "$promote_id" && is_member voter
}

# has_certificate: was the kubelet's request answered? It writes kubelet.conf as soon as it starts, and only kubeadm takes
# bootstrap-kubelet.conf away: from 1.31 on (ControlPlaneKubeletLocalMode) after this host's etcd has joined, and by now
# its token is not valid any more.
has_certificate() {
    [ ! -e "$K8S/bootstrap-kubelet.conf" ] || [ -s "${HAUI_ROOT:-}/var/lib/kubelet/pki/kubelet-client-current.pem" ]
}

# could_start: is everything here that the kubelet needs to bring this member up by itself?
could_start() {
    has_certificate || return 1
    ! keys_lost && [ -s "$K8S/kubelet.conf" ] && [ -s "$K8S/admin.conf" ] && [ -s "$K8S/manifests/kube-apiserver.yaml" ] ||
        return 1
    [ "$HAUI_ETCD" = external ] || [ -s "$K8S/manifests/etcd.yaml" ]
}

via_labelled() {
    [ -n "$(via get nodes -l node-role.kubernetes.io/control-plane --field-selector "metadata.name=$HAUI_HOST" -o name 2>/dev/null)" ]
}

join_state() {
    state_member=$(member 4) || return 1
    if could_start; then
        systemctl start kubelet >/dev/null 2>&1 || true
        case $state_member in
            unstarted) retry 90 is_started && state_member=$(member 4) ;;
        esac
        case $state_member in
            learner) retry 120 promoted >/dev/null && state_member=voter ;;
        esac
        case $state_member in
            voter | external)
                if retry 120 local_ready; then
                    if labelled; then echo complete; else echo unlabelled; fi
                    return 0
                elif via_labelled; then
                    echo silent
                    return 0
                fi
                ;;
        esac
    fi
    if has_leftovers || [ -e "$ETCD_DATA/member" ] || [ "$state_member" != none ] && [ "$state_member" != external ] || node_exists; then
        echo leftovers
    else
        echo fresh
    fi
}

node_exists() {
    via get node "$HAUI_HOST" >/dev/null 2>&1
}

# member_gone: remove this host's member by its id; fine when it is gone already, since an answer can get lost. etcd
# itself refuses to let a voter go that the others need for their quorum.
member_gone() {
    stale=$(member 1) || return 1
    case $stale in
        none | external) return 0 ;;
    esac
    echo "[haui] removing this host's etcd member $stale ($(member 4)) of an earlier attempt"
    etcd_exec 127.0.0.1 member remove "$stale"
}

# ask_member: what the others know of this host's member, in $known_member. An answer that got lost must not pass for a member.
ask_member() {
    known_member=$(member 4)
}

drop_member() {
    retry 40 member_gone && return 0
    stale=$(member 1) || die "the etcd members can't be read through $HAUI_VIA"
    # shellcheck disable=SC2034  # read by quorum_advice
    NODE=$HAUI_VIA LOCAL_API=$ETCD_SERVER
    die "etcd does not let go of this host's dead member $stale: it has lost its quorum" "$(quorum_advice)"
}

clear_leftovers() {
    echo "[haui] an earlier attempt has left a part of a control plane; undoing it on this host"
    if [ -e "$K8S/bootstrap-kubelet.conf" ]; then
        echo "--- certificate requests (the kubelet did not get its certificate)"
        via get certificatesigningrequests || true
    fi
    systemctl stop kubelet >/dev/null 2>&1 || true
    if has_leftovers; then
        diagnose
    fi
    # Data of a member that the cluster knew, that a manifest starts, or that a join of haui has begun is of no use
    # once the member is gone.
    data_is_dead=no
    retry 60 ask_member || die "the etcd members can't be read through $HAUI_VIA"
    if [ -e "$K8S/manifests/etcd.yaml" ] || [ "$known_member" != none ] || may_undo; then data_is_dead=yes; fi
    drop_member
    # It is gone already, and kubeadm would try for minutes to remove one that is not there.
    kubeadm_reset --skip-phases=remove-etcd-member
    drop_member
    if [ "$HAUI_ETCD" = stacked ] && [ "$data_is_dead" = yes ]; then
        rm -rf "$ETCD_DATA/member"
    fi
    if [ -e "$ETCD_DATA/member" ] && [ "$HAUI_ETCD" = stacked ]; then
        die "$ETCD_DATA still holds data after kubeadm reset. If it is not needed any more, move it away, then try again"
    fi
    # A Node that still counts as Ready makes kubeadm refuse the name.
    via delete node "$HAUI_HOST" --ignore-not-found
}

# join_phase PHASE: run that one alone.
join_phase() {
    # shellcheck disable=SC2086  # "control-plane-join mark-control-plane" is two words
    kubeadm_run 120 join phase $1 --config "$JOIN" || failed_kubeadm "kubeadm join phase $1 failed"
    rm -f "$KUBEADM_LOG"
}

mark() {
    echo "[haui] everything runs; only kubeadm's last phase is missing"
    [ "$HAUI_MINOR" -gt 21 ] || join_phase "control-plane-join update-status"
    join_phase "control-plane-join mark-control-plane"
}

# mend_files: the API server runs; what is missing beside it does not cost a join.
mend_files() {
    for conf in controller-manager scheduler; do
        [ -s "$K8S/$conf.conf" ] || { join_phase "control-plane-prepare kubeconfig" && break; }
    done
    for component in controller-manager scheduler; do
        [ -s "$K8S/manifests/kube-$component.yaml" ] || { join_phase "control-plane-prepare control-plane" && break; }
    done
    # kubeadm takes it away as soon as the kubelet has its certificate; there is a token in it.
    rm -f "$K8S/bootstrap-kubelet.conf"
}

silent() {
    diagnose
    [ "$HAUI_ETCD" = stacked ] || die "kubeadm has set this host up, but its API server does not come up. It was left alone. If it can't be repaired: remove its Node on $HAUI_VIA, run \"kubeadm reset\" here, then try again"
    die "this host's etcd member is a voter, but its API server does not come up. It was left alone, since undoing a voter can cost the cluster its quorum. If it can't be repaired: remove its etcd member and Node on $HAUI_VIA, run \"kubeadm reset\" here, then try again"
}

join() {
    [ "$HAUI_ETCD" != stacked ] || etcd_room
    note_node
    begin_kubeadm || die "/var/lib/haui can't be written"
    set -- join --config "$JOIN"
    if [ -n "${HAUI_SKIP_FLAG:-}" ]; then
        set -- "$@" "--skip-phases=$HAUI_SKIP_FLAG"
    fi
    kubeadm_run 900 "$@" && { rm -f "$KUBEADM_LOG" && return 0; }
    echo "[haui] kubeadm join failed; looking at what it has reached"
    reached=$(join_state) || reached=unknown
    case $reached in
        complete | unlabelled) rm -f "$KUBEADM_LOG" ;;
        *) failed_kubeadm "kubeadm join failed" ;;
    esac
    [ "$reached" = complete ] || mark
}

restore_ours
drop_empty
retry 60 via_ready || die "the API server of $HAUI_VIA does not answer"
# One answer can get lost while etcd or the API server change their leader.
retry 60 member 4 >/dev/null || die "the etcd members can't be read through $HAUI_VIA"
found=$(join_state) || die "the etcd members can't be read through $HAUI_VIA"
echo "[haui] found: $found"
case $found in
    complete) ;;
    unlabelled) mark ;;
    silent) silent ;;
    leftovers)
        clear_leftovers
        join
        ;;
    fresh) join ;;
esac
retry 180 local_ready || silent
mend_files
if [ "$HAUI_ETCD" = stacked ]; then
    retry 120 is_member voter || die "this host's etcd member is $(member 4) and does not become a voter"
fi
retry 60 labelled || die "the Node of this host has no control-plane label"
end_kubeadm

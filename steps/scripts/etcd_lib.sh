# shellcheck shell=sh
# What the scripts around an external etcd share: where its files are, and how to ask its members
# (HAUI_MEMBERS, name=address …). HAUI_ROOT is set by tests only.

# shellcheck disable=SC2034  # read by the scripts that follow
ETCD_DATA=${HAUI_ROOT:-}/var/lib/etcd
ETCD_PKI=${HAUI_ROOT:-}/etc/etcd/pki
ETCD_MARK=${HAUI_ROOT:-}/etc/etcd/haui-cluster # which cluster the data of this host was made for
ETCD_PROGRAMS=${HAUI_ROOT:-}/usr/local/bin
ETCD_RECORD=${HAUI_ROOT:-}/var/lib/haui/etcd-programs # the release, then the checksums of its programs

# etcdctl ends where a flag has its variable as well, and an admin may have those of /etc/etcd/etcdctl.env in root's environment.
unset ETCDCTL_ENDPOINTS ETCDCTL_CACERT ETCDCTL_CERT ETCDCTL_KEY

# etcd_url ADDRESS: where a member listens for clients.
etcd_url() {
    case $1 in
        *:*) printf 'https://[%s]:2379' "$1" ;;
        *) printf 'https://%s:2379' "$1" ;;
    esac
}

# etcd_ctl ADDRESS ARGS...: etcdctl against the member at ADDRESS.
etcd_ctl() {
    etcd_endpoint=$(etcd_url "$1")
    shift
    # Older etcdctl speaks its second API when it is not told otherwise.
    ETCDCTL_API=3 timeout 20 "$ETCD_PROGRAMS/etcdctl" --endpoints="$etcd_endpoint" --cacert="$ETCD_PKI/ca.crt" \
        --cert="$ETCD_PKI/healthcheck-client.crt" --key="$ETCD_PKI/healthcheck-client.key" "$@" </dev/null
}

# etcd_listens ADDRESS: does anybody listen there for clients? etcdctl would try for seconds to find out.
etcd_listens() {
    curl -gsk --noproxy '*' --connect-timeout 2 --max-time 4 -o /dev/null "$(etcd_url "$1")/" 2>/dev/null
    case $? in
        6 | 7 | 28) return 1 ;;
    esac
    return 0
}

etcd_healthy() {
    etcd_listens "$1" && etcd_ctl "$1" endpoint health >/dev/null 2>&1
}

# etcd_members ADDRESS...: all members as the first of these that answers sees them, one line each: ID NAME ADDRESS
# STATE, STATE being unstarted (added, and nobody came), silent (of the founders, never seen), learner or voter. Reads
# etcdctl's "ID, status, name, peer URLs, client URLs, is learner".
etcd_members() {
    for asked in "$@"; do
        etcd_listens "$asked" || continue
        etcd_listed=$(etcd_ctl "$asked" member list 2>/dev/null) && [ -n "$etcd_listed" ] || continue
        printf '%s\n' "$etcd_listed" | awk -F', ' 'NF >= 5 {
            address = $4; sub(/,.*/, "", address); sub(/^https?:\/\//, "", address)
            sub(/:[0-9]+$/, "", address); gsub(/[][]/, "", address)
            state = ($6 == "true") ? "learner" : "voter"
            if ($5 == "") state = "silent"
            if ($2 != "started" || $3 == "") state = "unstarted"
            print $1, ($3 == "" ? "-" : $3), address, state
        }'
        return 0
    done
    return 1
}

# member_addresses: the addresses of all members, this host's first.
member_addresses() {
    printf '%s' "$HAUI_ADDRESS"
    other_addresses
}

other_addresses() {
    for other_pair in $HAUI_MEMBERS; do
        [ "${other_pair#*=}" = "$HAUI_ADDRESS" ] || printf ' %s' "${other_pair#*=}"
    done
}

# member_field MEMBERS ADDRESS NUMBER: field 1 (id) or 4 (state) of the member at that address.
member_field() {
    printf '%s\n' "$1" | awk -v address="$2" -v field="$3" '$3 == address { print $field; exit }'
}

# etcd_has_data: has this host ever run a member?
etcd_has_data() {
    [ -e "$ETCD_DATA/member" ]
}

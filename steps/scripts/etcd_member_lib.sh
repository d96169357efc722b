# shellcheck shell=sh
# haui: include etcd_lib
# The member of this host: its data, and what the other members know of it.

ETCD_STATE=${HAUI_ROOT:-}/etc/etcd/haui-state.env

# etcd_files: what the service reads at its start.
etcd_files() {
    printf '%s %s %s %s' "${HAUI_ROOT:-}/etc/etcd/etcd.env" "$ETCD_STATE" \
        "${HAUI_ROOT:-}/etc/systemd/system/etcd.service" "$ETCD_PKI/ca.crt"
}

# foreign_data: has this host data that was not made for this cluster?
foreign_data() {
    etcd_has_data && [ "$(cat "$ETCD_MARK" 2>/dev/null)" != "$HAUI_TOKEN" ]
}

# known_as: the state of this host's member as the others see it; nothing when none of them answers or knows it.
known_as() {
    # shellcheck disable=SC2046  # a list of addresses
    known_members=$(etcd_members $(other_addresses)) || return 0
    member_field "$known_members" "$HAUI_ADDRESS" 4
}

# cluster_ids: the ids of the clusters that the members say they are of, each once.
cluster_ids() {
    for id_pair in $HAUI_MEMBERS; do
        etcd_listens "${id_pair#*=}" || continue
        etcd_ctl "${id_pair#*=}" endpoint status -w json 2>/dev/null | grep -o '"cluster_id":[0-9]*' || :
    done | sort -u
}

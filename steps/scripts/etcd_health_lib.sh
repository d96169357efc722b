# shellcheck shell=sh
# haui: include etcd_lib etcd_status_lib
# The rows about etcd as a whole, as this member sees it.

# health_rows: every member of the cluster file a healthy voter, nobody else, one leader, one cluster.
health_rows() {
    # shellcheck disable=SC2046  # a list of addresses
    if ! listed=$(etcd_members $(member_addresses)); then
        finding differs "etcd members" readable "no answer"
        return 0
    fi
    for pair in $HAUI_MEMBERS; do
        name=${pair%%=*}
        state=$(member_field "$listed" "${pair#*=}" 4)
        want "etcd member $name" voter "${state:-none}"
        if etcd_healthy "${pair#*=}"; then
            finding ok "etcd of $name" healthy healthy
        else
            finding differs "etcd of $name" healthy "no healthy answer"
        fi
    done
    want "etcd members" "$(printf '%s\n' "$HAUI_MEMBERS" | wc -w | tr -d ' ')" "$(printf '%s\n' "$listed" | grep -c .)"
    statuses=$(member_statuses)
    want "etcd leaders" 1 "$(printf '%s\n' "$statuses" | etcd_leaders)"
}

# member_statuses: the status of each member that answers, one field a line.
member_statuses() {
    for status_pair in $HAUI_MEMBERS; do
        etcd_listens "${status_pair#*=}" || continue
        etcd_ctl "${status_pair#*=}" endpoint status -w fields 2>/dev/null || :
    done
}

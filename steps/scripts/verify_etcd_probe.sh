# shellcheck shell=sh
# haui: include kubernetes_lib etcd_status_lib
# etcd as a whole: a started, healthy voter on every control plane, one leader, no alarm.

if ! listed=$(etcd_members); then
    finding differs "etcd members" readable "no answer"
    exit 0
fi
for pair in ${HAUI_CONTROL_PLANES:-}; do
    name=${pair%%=*}
    address=${pair#*=}
    state=$(member_field "$listed" "$address" 4)
    want "etcd member $name" voter "${state:-none}"
    if etcd_exec "$address" endpoint health >/dev/null; then
        finding ok "etcd of $name" healthy healthy
    else
        finding differs "etcd of $name" healthy "no healthy answer"
    fi
done
want "etcd members" "$(printf '%s\n' "${HAUI_CONTROL_PLANES:-}" | wc -w | tr -d ' ')" "$(printf '%s\n' "$listed" | grep -c .)"
want "etcd leaders" 1 "$(etcd_exec 127.0.0.1 endpoint status --cluster -w fields | etcd_leaders)"
alarms=$(etcd_exec 127.0.0.1 alarm list | tr '\n' ' ')
want "etcd alarms" none "${alarms:-none}"

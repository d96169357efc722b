# shellcheck shell=sh
# haui: include etcd_health_lib etcd_pki_lib
# etcd on hosts of its own: a healthy voter on each, one leader, one release, no alarm, certificates that last.

if [ "$HAUI_WHOLE" = yes ]; then
    health_rows
    versions=$(member_statuses | etcd_releases)
    want "etcd releases" 1 "$(printf '%s\n' "$versions" | grep -c .)"
    finding info "etcd release" "" "$(oneline "$versions")"
    alarms=$(etcd_ctl "$HAUI_ADDRESS" alarm list 2>/dev/null | tr '\n' ' ')
    want "etcd alarms" none "${alarms:-none}"
else
    want "etcd.service of $HAUI_HOST" "active enabled" "$(unit_active etcd) $(unit_enabled etcd)"
    if etcd_healthy "$HAUI_ADDRESS"; then
        finding ok "etcd of $HAUI_HOST" healthy healthy
    else
        finding differs "etcd of $HAUI_HOST" healthy "no healthy answer"
    fi
fi
soon=
for certificate in "$ETCD_PKI"/*.crt; do
    [ -e "$certificate" ] || continue
    ! certificate_expires "$certificate" "$HAUI_CERTIFICATE_DAYS" || soon="$soon ${certificate##*/}"
done
want "certificates of $HAUI_HOST valid for $HAUI_CERTIFICATE_DAYS days" all "$([ -z "$soon" ] && echo all || echo "all but$soon")"
exit 0

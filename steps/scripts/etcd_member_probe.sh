# shellcheck shell=sh
# haui: include etcd_member_lib
# Does the member of this host run with the settings on disk, on data of this cluster?

if foreign_data; then
    finding blocked "data in /var/lib/etcd" \
        "if the data is not needed any more, stop etcd and move it away (systemctl stop etcd; mv /var/lib/etcd/member /var/lib/etcd-member.old), then try again" \
        "made for $(cat "$ETCD_MARK" 2>/dev/null || echo "another cluster")"
    exit 0
fi
if etcd_has_data; then
    finding ok "data in /var/lib/etcd" "of this cluster" "of this cluster"
else
    state=$(known_as)
    case $state in
        voter | learner)
            # shellcheck disable=SC2046  # a list of addresses
            id=$(member_field "$(etcd_members $(other_addresses))" "$HAUI_ADDRESS" 1)
            finding blocked "data in /var/lib/etcd" \
                "this member has lost its data. On another etcd host, as root: . /etc/etcd/etcdctl.env; etcdctl member remove $id; etcdctl member add $HAUI_HOST --peer-urls=$(etcd_url "$HAUI_ADDRESS" | sed 's/2379$/2380/'); then run haui resume" \
                "none, and the others know this member"
            exit 0
            ;;
    esac
    finding differs "data in /var/lib/etcd" "of this cluster" none
fi
ids=
if etcd_has_data; then ids=$(cluster_ids); fi
if [ "$(printf '%s\n' "$ids" | grep -c .)" -gt 1 ]; then
    finding blocked "id of the etcd cluster" \
        "the members hold data of several clusters: decide which is the right one, and on the others stop etcd and move /var/lib/etcd/member away" \
        "$ids"
    exit 0
fi
active=$(unit_active etcd)
case $active in
    active | activating) finding ok "etcd.service" "active, or waiting for the others" "$active" ;;
    *) finding differs "etcd.service" "active, or waiting for the others" "${active:-absent}" ;;
esac
want "etcd.service at boot" enabled "$(unit_enabled etcd)"
# shellcheck disable=SC2046  # a list of files
if loaded etcd $(etcd_files); then
    finding ok "settings in use" "those on disk" "those on disk"
else
    finding differs "settings in use" "those on disk" "placed after the last start"
fi
exit 0

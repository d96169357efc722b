# shellcheck shell=sh
# haui: include etcd_lib
# Are etcd's programs here, of the release that fits, with their user and data folder?

release=${HAUI_IMAGE##*/}
recorded=$(head -n 1 "$ETCD_RECORD" 2>/dev/null)

# A distribution's etcd would be replaced under the name that both services have.
unit_file=$(systemctl show -p FragmentPath --value etcd.service 2>/dev/null)
case $unit_file in
    "" | /etc/systemd/system/etcd.service) ;;
    *)
        if [ "$(unit_active etcd)" = active ]; then
            finding blocked "other etcd" \
                "an etcd of the distribution runs on this host; if it is not needed, remove its package (etcd-server, or etcd in the RHEL family), then try again" \
                "$unit_file"
            exit 0
        fi
        ;;
esac
if [ -n "$recorded" ] && [ "$recorded" != "$release" ] && etcd_has_data; then
    finding blocked "release of etcd" \
        "this member has data of $recorded: upgrade etcd by its own guide, one member at a time, then write $release into the first line of $ETCD_RECORD" \
        "$recorded"
    exit 0
fi
want "release of etcd" "$release" "${recorded:-not installed}"
if [ -n "$recorded" ] && sed 1d "$ETCD_RECORD" | sha256sum --status -c 2>/dev/null; then
    finding ok "programs etcd and etcdctl" "as installed" "as installed"
else
    finding differs "programs etcd and etcdctl" "as installed" "absent or other"
fi
if id etcd >/dev/null 2>&1; then finding ok "user etcd" present present; else finding differs "user etcd" present absent; fi
want "data folder $ETCD_DATA" "700 etcd" "$(stat -c '%a %U' "$ETCD_DATA" 2>/dev/null || echo absent)"
exit 0

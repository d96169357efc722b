# shellcheck shell=sh
# haui: include network_bridge_lib
# The files are in place: set the routes now and at every start.

stale_routes | while read -r network address; do
    echo "[haui] no node has the pods of $network at $address any more"
    ip "$FAMILY" route del "$network" via "$address" || :
done
systemctl daemon-reload || die "systemd does not take its units"
systemctl enable haui-routes.service || die "haui-routes.service can't be enabled"
systemctl restart haui-routes.service || {
    journalctl -u haui-routes.service -n 10 --no-pager -o cat
    die "the routes to the other nodes' pods can't be set"
}

# shellcheck shell=sh
# The files are in place: set the routes now and at every start.

systemctl daemon-reload || die "systemd does not take its units"
systemctl enable haui-routes.service || die "haui-routes.service can't be enabled"
systemctl restart haui-routes.service || {
    journalctl -u haui-routes.service -n 10 --no-pager -o cat
    die "the routes to the other nodes' pods can't be set"
}

# shellcheck shell=sh
# haui: include osfamily_lib selinux_lib
# Installs nginx with its stream module and has it run with our configuration. A reload keeps open connections: the old
# workers serve them until they end.
set -eu

HAUI_PACKAGES=$(of_family HAUI_PACKAGES)

note_unit nginx
note_folder "${HAUI_ROOT:-}/var/lib/nginx"
missing=
for name in $HAUI_PACKAGES; do
    [ -n "$(package version "$name")" ] || missing="$missing $name"
done
if [ -n "$missing" ]; then
    # Its package starts nginx before the module is set up, without which our configuration is not valid.
    systemctl mask --runtime nginx.service
    installed=yes
    # shellcheck disable=SC2086  # several names
    package install $HAUI_PACKAGES || installed=
    systemctl unmask --runtime nginx.service
    [ -n "$installed" ] || die "nginx can't be installed" \
        "look at the package sources of this host; '$(package by_hand "$HAUI_PACKAGES")' must work by hand"
fi
allow_selinux httpd_can_network_connect
allow_selinux_port http_port_t "$HAUI_PORT"
nginx -t -q -c "${HAUI_ROOT:-}$HAUI_CONFIG" || die "nginx does not accept $HAUI_CONFIG" "the lines above say why"
mark=$(files_mark "${HAUI_ROOT:-}$HAUI_CONFIG")
# Also when an earlier attempt died between the two above.
systemctl unmask --runtime nginx.service
systemctl enable nginx
if [ "$(unit_active nginx)" != active ]; then
    systemctl restart nginx
    note_loaded nginx "$mark"
elif ! loaded nginx "${HAUI_ROOT:-}$HAUI_CONFIG"; then
    systemctl reload nginx
    note_loaded nginx "$mark"
fi

listening() {
    ss -Hltnp "sport = :$HAUI_PORT" 2>/dev/null | grep -q '"nginx"'
}
wait_until 20 listening || die "nginx runs but does not listen on port $HAUI_PORT" \
    "something else holds the port: ss -ltnp sport = :$HAUI_PORT; see also: journalctl -u nginx"

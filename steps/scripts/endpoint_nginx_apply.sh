# shellcheck shell=sh
# haui: include osfamily_lib selinux_lib service_lib
# Installs nginx with its stream module and has it run with our configuration. Unlike haproxy it comes in
# two packages, the first of which starts it too early.
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
# Also when an earlier attempt died between the two above.
systemctl unmask --runtime nginx.service
serve nginx "${HAUI_ROOT:-}$HAUI_CONFIG"
await_listener nginx "$HAUI_PORT"

# shellcheck shell=sh
# haui: include osfamily_lib keepalived_lib selinux_lib service_lib
# Installs keepalived and has it run with our configuration.
set -eu

name=$(keepalived_interface)
[ -n "$name" ] || die "no interface of this host holds $HAUI_ADDRESS" "correct hosts[].address, or say hosts[].interface"
put_line_file "$INTERFACE" "$(interface_text "$name")"
note_unit keepalived
if [ -z "$(package version keepalived)" ]; then
    package install keepalived || die "keepalived can't be installed" \
        "look at the package sources of this host; '$(package by_hand keepalived)' must work by hand"
fi
# Its check asks a local port, and is a script in a folder of configuration, which keepalived may not run.
allow_selinux keepalived_connect_any
allow_selinux_type keepalived_unconfined_script_exec_t /etc/keepalived/haui-check.sh
keepalived --config-test -f "$CONFIG" || die "keepalived does not accept $CONFIG" "the lines above say why"
serve keepalived "$CONFIG" "$CHECK" "$INTERFACE"

running() {
    [ "$(unit_active keepalived)" = active ]
}
wait_until 20 running || die "keepalived does not stay up" "see: journalctl -u keepalived"

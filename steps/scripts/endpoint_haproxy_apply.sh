# shellcheck shell=sh
# haui: include osfamily_lib selinux_lib
# Installs haproxy and has it run with our configuration. A reload keeps open connections.
set -eu

note_unit haproxy
note_folder "${HAUI_ROOT:-}/var/lib/haproxy"
if [ -z "$(package version haproxy)" ]; then
    package install haproxy || die "haproxy can't be installed" \
        "look at the package sources of this host; '$(package by_hand haproxy)' must work by hand"
fi
allow_selinux haproxy_connect_any
haproxy -c -q -f "${HAUI_ROOT:-}$HAUI_CONFIG" || die "haproxy does not accept $HAUI_CONFIG" \
    "haproxy 2.2 or newer is needed: this host has $(haproxy -v | head -n 1)"
mark=$(files_mark "${HAUI_ROOT:-}$HAUI_CONFIG")
systemctl enable haproxy
if [ "$(unit_active haproxy)" != active ]; then
    systemctl restart haproxy
    note_loaded haproxy "$mark"
elif ! loaded haproxy "${HAUI_ROOT:-}$HAUI_CONFIG"; then
    systemctl reload haproxy
    note_loaded haproxy "$mark"
fi

listening() {
    ss -Hltnp "sport = :$HAUI_PORT" 2>/dev/null | grep -q '"haproxy"'
}
wait_until 20 listening || die "haproxy runs but does not listen on port $HAUI_PORT" \
    "something else holds the port: ss -ltnp sport = :$HAUI_PORT; see also: journalctl -u haproxy"

# shellcheck shell=sh
# haui: include osfamily_lib selinux_lib service_lib
# Installs haproxy and has it run with our configuration.
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
serve haproxy "${HAUI_ROOT:-}$HAUI_CONFIG"
await_listener haproxy "$HAUI_PORT"

# shellcheck shell=sh
# haui: include osfamily_lib selinux_lib service_lib
# Does haproxy serve the endpoint's port with our configuration?

version=$(package version haproxy)
if [ -z "$version" ]; then
    finding differs "package haproxy" installed absent
    exit 0
fi
finding ok "package haproxy" installed "$version"
want_selinux haproxy_connect_any
want_serving haproxy "${HAUI_ROOT:-}$HAUI_CONFIG"
want_listener haproxy "$HAUI_PORT"
exit 0

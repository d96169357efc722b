# shellcheck shell=sh
# haui: include osfamily_lib selinux_lib service_lib
# Does nginx serve the endpoint's port with our configuration?

for name in $(of_family HAUI_PACKAGES); do
    version=$(package version "$name")
    if [ -z "$version" ]; then
        finding differs "package $name" installed absent
        exit 0
    fi
    finding ok "package $name" installed "$version"
done
want_selinux httpd_can_network_connect
want_selinux_port http_port_t "$HAUI_PORT"
want_serving nginx "${HAUI_ROOT:-}$HAUI_CONFIG"
# Only while it runs: the test would leave an empty pid file behind otherwise.
if [ "$(unit_active nginx)" = active ]; then
    if reason=$(nginx -t -q -c "${HAUI_ROOT:-}$HAUI_CONFIG" 2>&1); then
        finding ok "nginx -t" accepted accepted
    else
        finding differs "nginx -t" accepted "$(printf '%s\n' "$reason" | head -n 1)"
    fi
fi
want_listener nginx "$HAUI_PORT"
exit 0

# shellcheck shell=sh
# haui: include osfamily_lib selinux_lib
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
want "nginx.service" "active enabled" "$(unit_active nginx) $(unit_enabled nginx)"
if loaded nginx "${HAUI_ROOT:-}$HAUI_CONFIG"; then
    finding ok "configuration in use" "the one on disk" "the one on disk"
else
    finding differs "configuration in use" "the one on disk" "placed after the last reload"
fi
# Only while it runs: the test would leave an empty pid file behind otherwise.
if [ "$(unit_active nginx)" = active ]; then
    if reason=$(nginx -t -q -c "${HAUI_ROOT:-}$HAUI_CONFIG" 2>&1); then
        finding ok "nginx -t" accepted accepted
    else
        finding differs "nginx -t" accepted "$(printf '%s\n' "$reason" | head -n 1)"
    fi
fi
holder=$(ss -Hltnp "sport = :$HAUI_PORT" 2>/dev/null | sed -n 's/.*(("\([^"]*\)".*/\1/p' | sort -u | head -n 1)
want "who listens on port $HAUI_PORT" nginx "${holder:-nobody}"
exit 0

# shellcheck shell=sh
# haui: include osfamily_lib selinux_lib
# Does haproxy serve the endpoint's port with our configuration?

version=$(package version haproxy)
if [ -z "$version" ]; then
    finding differs "package haproxy" installed absent
    exit 0
fi
finding ok "package haproxy" installed "$version"
want_selinux haproxy_connect_any
want "haproxy.service" "active enabled" "$(unit_active haproxy) $(unit_enabled haproxy)"
if loaded haproxy "${HAUI_ROOT:-}$HAUI_CONFIG"; then
    finding ok "configuration in use" "the one on disk" "the one on disk"
else
    finding differs "configuration in use" "the one on disk" "placed after the last reload"
fi
holder=$(ss -Hltnp "sport = :$HAUI_PORT" 2>/dev/null | sed -n 's/.*(("\([^"]*\)".*/\1/p' | sort -u | head -n 1)
want "who listens on port $HAUI_PORT" haproxy "${holder:-nobody}"
exit 0

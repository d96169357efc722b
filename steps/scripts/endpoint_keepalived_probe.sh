# shellcheck shell=sh
# haui: include osfamily_lib keepalived_lib selinux_lib
# Does keepalived run with our configuration? Which host holds the virtual address is the hosts' own agreement, so it is
# only said here.

version=$(package version keepalived)
if [ -z "$version" ]; then
    finding differs "package keepalived" installed absent
    exit 0
fi
finding ok "package keepalived" installed "$version"
name=$(keepalived_interface)
if [ -z "$name" ]; then
    finding blocked "interface of the virtual address" "Correct hosts[].address, or say hosts[].interface." "no interface holds $HAUI_ADDRESS"
elif [ "$(cat "$INTERFACE" 2>/dev/null)" = "$(interface_text "$name")" ]; then
    finding ok "interface of the virtual address" "$name" "$name"
else
    finding differs "interface of the virtual address" "$name" "$(cat "$INTERFACE" 2>/dev/null)"
fi
want_selinux keepalived_connect_any
want_selinux_type keepalived_unconfined_script_exec_t /etc/keepalived/haui-check.sh
want "keepalived.service" "active enabled" "$(unit_active keepalived) $(unit_enabled keepalived)"
if loaded keepalived "$CONFIG" "$CHECK" "$INTERFACE"; then
    finding ok "configuration in use" "the one on disk" "the one on disk"
else
    finding differs "configuration in use" "the one on disk" "placed after the last reload"
fi
holder=$(interface_of "$HAUI_VIP")
finding info "virtual address $HAUI_VIP" "on one balancer" "${holder:+on $holder of this host}"
exit 0

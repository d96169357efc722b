# shellcheck shell=sh
# haui: include osfamily_lib keepalived_lib selinux_lib service_lib
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
want_serving keepalived "$CONFIG" "$CHECK" "$INTERFACE"
holder=$(interface_of "$HAUI_VIP")
finding info "virtual address $HAUI_VIP" "on one balancer" "${holder:+on $holder of this host}"
exit 0

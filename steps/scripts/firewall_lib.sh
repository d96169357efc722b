# shellcheck shell=sh
# haui: include interface_lib firewall_firewalld_lib firewall_ufw_lib
# What a host lets in, told to the firewall that is active there. Nothing is ever switched off. The input `rules` says
# what must be open, a line each:
#   open ADDRESS|any tcp|udp PORT,PORT-PORT…   these ports, from that address or from everybody
#   open ADDRESS vrrp -                        the IP protocol of keepalived, which has no ports
#   trust NETWORK                              everything from there: pods and Services
#   forward ADDRESS|any NETWORK                packets that are passed on to pods
# Each firewall tells an item a line, in words of its own; the same words each time, so that lines can be compared.

# firewalls: those that are active here.
firewalls() {
    ! have firewall-cmd || [ "$(firewall-cmd --state 2>/dev/null)" != running ] || echo firewalld
    ! have ufw || ! grep -qi '^ENABLED=yes' "${HAUI_ROOT:-}/etc/ufw/ufw.conf" 2>/dev/null || echo ufw
}

# firewall_compare TOOL: writes wanted, missing and stale to $HAUI_INPUTS. Stale is what haui once opened and what is
# needed no longer.
firewall_compare() {
    "$1_begin"
    "$1_wanted" <"$HAUI_INPUTS/rules" | sort -u >"$HAUI_INPUTS/wanted"
    "$1_missing" >"$HAUI_INPUTS/missing"
    "$1_ours" | grep -vxFf "$HAUI_INPUTS/wanted" >"$HAUI_INPUTS/stale" || :
}

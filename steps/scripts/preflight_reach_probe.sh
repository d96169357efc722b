# shellcheck shell=sh
# haui: include facts_lib interface_lib preflight_python_lib preflight_reach_lib preflight_vrrp_lib
# Rehearsal: tries to reach other hosts as the cluster will. Latency is measured first, while nothing else goes on here.

[ -z "$HAUI_VRRP_S" ] || facts_vrrp "${HAUI_INTERFACE:-$(interface_of "$HAUI_ADDRESS")}" "$HAUI_VRRP_S" &
if have ping; then
    each ping ping_often
    each size full_size &
else
    fact needs ping
fi
if have bash; then
    each udp dial_udp &
    each tcp dial_tcp
else
    fact needs bash
fi
wait
facts_end
exit 0

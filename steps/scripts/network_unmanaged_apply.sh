# shellcheck shell=sh
# The file is in place: have NetworkManager read it. What was read is noted until the next boot.

if systemctl is-active --quiet NetworkManager 2>/dev/null; then
    systemctl reload NetworkManager || die "NetworkManager does not read its configuration again" \
        "look at: journalctl -u NetworkManager -n 20"
fi
put_line_file "${HAUI_ROOT:-}/run/haui/network-manager" "$HAUI_SHA256" || die "what was read can't be noted in /run/haui"

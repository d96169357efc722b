# shellcheck shell=sh
# Has NetworkManager, where it runs, read the file that names the pods' interfaces?

seen=$(cat "${HAUI_ROOT:-}/run/haui/network-manager" 2>/dev/null) || seen=
if ! systemctl is-active --quiet NetworkManager 2>/dev/null; then
    finding ok NetworkManager "has read haui's file" "does not run"
elif [ "$seen" = "$HAUI_SHA256" ]; then
    finding ok NetworkManager "has read haui's file" "has read it"
else
    finding differs NetworkManager "has read haui's file" "not since it was written or since the last boot"
fi

# shellcheck shell=sh
# Puts our file of settings into effect, and only ours.
set -eu

# Those of the file, and HAUI_SET_BY_OTHERS: what the kubelet, kube-proxy and the pod network set by themselves later.
for name in $(sed -n 's/^\([a-z][^ =]*\) *=.*/\1/p' "${HAUI_ROOT:-}$HAUI_FILE") ${HAUI_SET_BY_OTHERS:-}; do
    path=${HAUI_ROOT:-}/proc/sys/$(printf '%s' "$name" | tr . /)
    [ ! -r "$path" ] || note_before sysctl "$name" "$(cat "$path")"
done
sysctl -p "$HAUI_FILE"

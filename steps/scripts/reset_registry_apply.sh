# shellcheck shell=sh
# haui: include reset_lib
# Stops the registry. Its images go only when the admin has agreed to lose data.
set -eu

retire haui-registry
if was_absent "$HAUI_STORAGE"; then
    if removes_data; then
        if is_mounted "$HAUI_STORAGE"; then
            find "$ROOT$HAUI_STORAGE" -mindepth 1 -delete
        else
            rm -rf "${ROOT:-/}/${HAUI_STORAGE#/}"
        fi
    fi
    [ -e "$ROOT$HAUI_STORAGE" ] || drop_user haui-registry
else
    drop_user haui-registry
fi

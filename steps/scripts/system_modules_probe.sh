# shellcheck shell=sh
# haui: include osfamily_lib modules_lib
# Kernel modules at work, and there again after a reboot.

for module in $HAUI_MODULES; do
    if module_works "$module"; then
        finding ok "module $module" "at work" "at work"
    elif module_unknowable "$module"; then
        finding info "module $module" "at work" "no module tree to look into; ip_vs is built in"
        continue
    else
        finding differs "module $module" "at work" "not loaded"
    fi
    if module_built_in "$module" || ! module_loadable "$module"; then
        finding ok "module $module at boot" "built in or listed" "built in"
    elif grep -qxF "$module" "${HAUI_ROOT:-}$HAUI_LIST" 2>/dev/null; then
        finding ok "module $module at boot" "built in or listed" "listed"
    else
        finding differs "module $module at boot" "built in or listed" "not listed in $HAUI_LIST"
    fi
done
extras=$(wanted_extras)
[ -z "$extras" ] || finding differs "package $extras" installed absent
exit 0

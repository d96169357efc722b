# shellcheck shell=sh
# haui: include selinux_lib
# SELinux says what it would deny and denies nothing, now and after a boot.

mode=$(selinux_mode)
if [ "$mode" = disabled ]; then
    finding info "SELinux" permissive "not on"
    exit 0
fi
want "SELinux now" permissive "$mode"
set_to=$(sed -n 's/^SELINUX=//p' "${HAUI_ROOT:-}/etc/selinux/config" 2>/dev/null | tail -n 1)
if [ "$set_to" = disabled ]; then
    finding ok "SELinux after a boot" "permissive or disabled" disabled
else
    want "SELinux after a boot" permissive "$set_to"
fi
exit 0

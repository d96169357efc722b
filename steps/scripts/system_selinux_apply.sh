# shellcheck shell=sh
# haui: include selinux_lib
# Asked for in the cluster file: SELinux no longer denies anything. Labels are still kept, so that it can be made to
# enforce again.
set -eu

config=${HAUI_ROOT:-}/etc/selinux/config
if [ "$(selinux_mode)" = enforcing ]; then
    note_before selinux mode enforcing
    setenforce 0 || die "SELinux stays enforcing" "look whether a security module or the kernel's command line forbids it"
    echo "SELinux is permissive now"
fi
if grep -q '^SELINUX=enforcing' "$config" 2>/dev/null; then
    sed 's/^SELINUX=enforcing/SELINUX=permissive/' "$config" >"$config.haui-new"
    chmod 0644 "$config.haui-new"
    put_file "$config.haui-new" "$config"
    echo "SELinux will be permissive after a boot"
fi

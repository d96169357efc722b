# shellcheck shell=sh
# haui: include hosts_lib
# Puts our block at the top of /etc/hosts and leaves every other line as it is.
set -eu

keep_before "$HOSTS"
[ -e "$HOSTS" ] || : >"$HOSTS"
{
    cat "$HAUI_INPUTS/hosts"
    hosts_rest
} >"$HOSTS.haui-new"
chmod 0644 "$HOSTS.haui-new"
put_file "$HOSTS.haui-new" "$HOSTS"
echo "wrote our block in /etc/hosts"
if cloud_init_writes; then
    put_line_file "$CLOUD/99-haui-hosts.cfg" "manage_etc_hosts: false"
fi

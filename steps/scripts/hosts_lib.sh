# shellcheck shell=sh
# The managed block of /etc/hosts. It stands at the top, since the first entry of a name wins.

HOSTS=${HAUI_ROOT:-}/etc/hosts
CLOUD=${HAUI_ROOT:-}/etc/cloud/cloud.cfg.d

# hosts_block: the block that is there, with its markers.
hosts_block() {
    sed -n '/^# BEGIN haui$/,/^# END haui$/p' "$HOSTS"
}

# hosts_rest: everything else.
hosts_rest() {
    sed '/^# BEGIN haui$/,/^# END haui$/d' "$HOSTS"
}

# Where cloud-init writes /etc/hosts anew at each boot, it is told not to.
cloud_init_writes() {
    [ -d "$CLOUD" ] && [ "$(cat "$CLOUD/99-haui-hosts.cfg" 2>/dev/null)" != "manage_etc_hosts: false" ]
}

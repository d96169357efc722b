# shellcheck shell=sh
# The managed block of /etc/hosts. It stands at the top, since the first entry of a name wins.

HOSTS=${HAUI_ROOT:-}/etc/hosts
CLOUD=${HAUI_ROOT:-}/etc/cloud/cloud.cfg.d

# hosts_block: the block that is there, with its markers.
hosts_block() {
    sed -n '/^# BEGIN haui$/,/^# END haui$/p' "$HOSTS"
}

# hosts_rest: everything else. Where somebody has taken the end of the block away, nobody knows what is below it.
hosts_rest() {
    sed "$(hosts_without)" "$HOSTS"
}
hosts_without() {
    if grep -q '^# END haui$' "$HOSTS" 2>/dev/null; then
        echo '/^# BEGIN haui$/,/^# END haui$/d'
    else
        echo '/^# BEGIN haui$/d'
    fi
}

# Where cloud-init writes /etc/hosts anew at each boot, it is told not to.
cloud_init_writes() {
    [ -d "$CLOUD" ] && [ "$(cat "$CLOUD/99-haui-hosts.cfg" 2>/dev/null)" != "manage_etc_hosts: false" ]
}

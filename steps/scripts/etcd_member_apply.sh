# shellcheck shell=sh
# haui: include etcd_member_lib etcd_room_lib
# Starts the member of this host, or restarts it with new settings. Whether it founds the cluster or comes to one that
# is there is decided by what is found: data is kept whatever happens.
set -eu

foreign_data && die "/var/lib/etcd holds the data of another etcd"
state=existing
if ! etcd_has_data; then
    known=$(known_as)
    case $known in
        voter | learner) die "this member has lost its data, and the others know it" ;;
        unstarted) echo "the others have added this member anew" ;;
        *) state=new ;;
    esac
    etcd_room
    put_line_file "$ETCD_MARK" "$HAUI_TOKEN"
fi
settings="ETCD_INITIAL_CLUSTER_STATE=$state"
# Before 3.5 etcd wants to be told that this processor is meant.
[ "$(uname -m)" != aarch64 ] || settings="$settings${HAUI_NEWLINE}ETCD_UNSUPPORTED_ARCH=arm64"
# Meaningless to a member with data: left as it is, so that it is no reason to restart.
if [ "$state" = new ] || [ ! -e "$ETCD_STATE" ] || ! etcd_has_data; then
    put_line_file "$ETCD_STATE" "$settings"
fi

listens() {
    ss -Hltn 'sport = :2380' 2>/dev/null | grep -q .
}

# shellcheck disable=SC2046  # lists of files
mark=$(files_mark $(etcd_files))
systemctl daemon-reload
systemctl enable etcd
active=$(unit_active etcd)
# shellcheck disable=SC2046
if { [ "$active" = active ] || [ "$active" = activating ]; } && loaded etcd $(etcd_files); then
    echo "etcd runs with these settings"
    exit 0
fi
healthy=no
if [ "$active" = active ] && etcd_healthy "$HAUI_ADDRESS"; then healthy=yes; fi
# It says that it has started when it has found the others, who may be started after it.
systemctl restart --no-block etcd
if ! wait_until "${HAUI_PATIENCE:-30}" listens; then # HAUI_PATIENCE is set by tests only
    journalctl -u etcd -n 20 --no-pager -o cat 2>/dev/null || :
    die "etcd does not start" "see: journalctl -u etcd"
fi
note_loaded etcd "$mark"
[ "$healthy" = no ] || wait_until 120 etcd_healthy "$HAUI_ADDRESS" ||
    die "etcd was healthy before its restart and is not any more" "see: journalctl -u etcd"

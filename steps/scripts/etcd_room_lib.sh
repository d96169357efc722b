# shellcheck shell=sh
# Has a new member of etcd the room that it begins with? Asked right before it is added or founded: up to Kubernetes 1.28
# a member counts as soon as it is added, and one that can't start may cost the quorum of those that were there.

# Two pieces of its log, which it writes in full before it uses them (wal.SegmentSizeBytes: 64 MB), and a young database.
ETCD_ROOM_MB=200

# etcd_room: ends the script when there is less. ETCD_DATA need not be there yet.
etcd_room() {
    room_place=$ETCD_DATA
    [ -d "$room_place" ] || room_place=${ETCD_DATA%/*}
    room_free=$(LC_ALL=C df -Pm "$room_place" 2>/dev/null | awk 'NR == 2 { print $4 }')
    case $room_free in
        "" | *[!0-9]*) return 0 ;; # nobody knows: etcd itself will tell
    esac
    [ "$room_free" -ge "$ETCD_ROOM_MB" ] ||
        die "etcd has no room: $room_free MB are free for $ETCD_DATA, and it begins with $ETCD_ROOM_MB MB" \
            "Make room in the file system of $ETCD_DATA (df -h $ETCD_DATA), then run haui resume."
}

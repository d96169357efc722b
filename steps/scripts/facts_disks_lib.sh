# shellcheck shell=sh
# Facts: file systems: room, inodes, type, mount options, swap, and how fast etcd's disk is.
#   (no facts yet)

facts_disks() {
    :
}

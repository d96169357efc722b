# shellcheck shell=sh
# Facts: how haui gets in: sudo, shell, sshd, and whether the look at the host came to its end.
#   (no facts yet)

facts_access() {
    :
}

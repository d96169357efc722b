# shellcheck shell=sh
# Facts: the ports that the install will use, and who holds them.
#   (no facts yet)

facts_ports() {
    :
}

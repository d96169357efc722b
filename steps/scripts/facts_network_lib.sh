# shellcheck shell=sh
# Facts: addresses, routes, names and the firewall of one host.
#   (no facts yet)

facts_network() {
    :
}

# shellcheck shell=sh
# Interfaces and addresses of this host.

# interface_of ADDRESS: the interface that holds it; nothing when none does.
interface_of() {
    ip -o addr show | awk -v want="$1" '{ split($4, a, "/"); if (a[1] == want) { print $2; exit } }'
}

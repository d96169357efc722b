# shellcheck shell=sh
# haui: include registry_lib
# The registry's own certificate.

# server_fault: what is wrong with it, in a few words; nothing when it is right.
server_fault() {
    server=$REGISTRY/server.crt
    if [ ! -s "$server" ] || [ ! -s "$REGISTRY/server.key" ]; then
        echo absent
    elif ! same_key "$server" "$REGISTRY/server.key"; then
        echo "not of its key"
    elif ! private "$REGISTRY/server.key"; then
        echo "its key can be read by others"
    elif certificate_expires "$server" "$HAUI_RENEW_DAYS"; then
        echo "fewer than $HAUI_RENEW_DAYS days left"
    elif ! signed_by "$server" "$REGISTRY_CA" sslserver; then
        echo "not of the registry's CA"
    else
        for server_name in $HAUI_NAMES; do
            valid_for "$server" "$server_name" || { echo "not for ${server_name#*:}" && return; }
        done
    fi
}

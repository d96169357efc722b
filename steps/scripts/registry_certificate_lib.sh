# shellcheck shell=sh
# haui: include registry_lib
# The registry's own certificate.

# server_fault: what is wrong with it, in a few words; nothing when it is right.
server_fault() {
    server=$REGISTRY/server.crt
    server_says=$(pair_fault "$server" "$REGISTRY/server.key")
    if [ -z "$server_says" ] && ! signed_by "$server" "$REGISTRY_CA" sslserver; then
        server_says="not of the registry's CA"
    fi
    # shellcheck disable=SC2086  # a list of names
    [ -n "$server_says" ] || server_says=$(names_fault "$server" $HAUI_NAMES)
    printf '%s' "$server_says"
}

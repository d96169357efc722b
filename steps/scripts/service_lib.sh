# shellcheck shell=sh
# A service of the distribution's that runs with files of haui's.

# serve UNIT FILE…: has it run, now and after a boot, with the files as they are. A reload keeps open connections.
serve() {
    serve_unit=$1
    shift
    serve_mark=$(files_mark "$@")
    systemctl enable "$serve_unit"
    if [ "$(unit_active "$serve_unit")" != active ]; then
        systemctl restart "$serve_unit"
    elif ! loaded "$serve_unit" "$@"; then
        systemctl reload "$serve_unit"
    else
        return 0
    fi
    note_loaded "$serve_unit" "$serve_mark"
}

# want_serving UNIT FILE…: rows about that.
want_serving() {
    want "$1.service" "active enabled" "$(unit_active "$1") $(unit_enabled "$1")"
    if loaded "$@"; then
        finding ok "configuration in use" "the one on disk" "the one on disk"
    else
        finding differs "configuration in use" "the one on disk" "placed after the last reload"
    fi
}

# listener PORT: the program that listens there.
listener() {
    ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*(("\([^"]*\)".*/\1/p' | sort -u | head -n 1
}

# want_listener PROGRAM PORT: a row about it.
want_listener() {
    want_holder=$(listener "$2")
    want "who listens on port $2" "$1" "${want_holder:-nobody}"
}

# await_listener PROGRAM PORT: ends the script when it does not begin to listen.
await_listener() {
    wait_until 20 listens "$1" "$2" || die "$1 runs but does not listen on port $2" \
        "something else holds the port: ss -ltnp sport = :$2; see also: journalctl -u $1"
}
listens() {
    ss -Hltnp "sport = :$2" 2>/dev/null | grep -qF "\"$1\""
}

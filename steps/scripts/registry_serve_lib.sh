# shellcheck shell=sh
# haui: include registry_lib
# The service: its account, its program, its login.

# shellcheck disable=SC2034  # read by the scripts that follow
REGISTRY_ACCOUNT=haui-registry

# registry_files: what the service reads when it starts.
registry_files() {
    echo "$REGISTRY/config.yml" "$REGISTRY_UNIT" "$REGISTRY/server.crt" "$REGISTRY/htpasswd"
}

# registry_program: can the program be run?
registry_program() {
    [ -x "$HAUI_PROGRAM" ] && { [ -z "$HAUI_SHA256" ] || registry_sum "$HAUI_PROGRAM"; }
}

registry_sum() {
    [ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$HAUI_SHA256" ]
}

# registry_version: as the program tells it.
registry_version() {
    "$HAUI_PROGRAM" --version 2>/dev/null | awk 'NR == 1 { print $NF }'
}

# login_right: is the login of the registry the asked one, and nobody else's?
login_right() {
    if [ -z "$HAUI_USER" ]; then
        [ ! -e "$REGISTRY/htpasswd" ]
        return
    fi
    [ -s "$HAUI_INPUTS/password" ] && [ "$(cut -d : -f 1 "$REGISTRY/htpasswd" 2>/dev/null)" = "$HAUI_USER" ] &&
        htpasswd -vi "$REGISTRY/htpasswd" "$HAUI_USER" <"$HAUI_INPUTS/password" >/dev/null 2>&1
}

# owner FILE
owner() {
    stat -c %U "$1" 2>/dev/null
}

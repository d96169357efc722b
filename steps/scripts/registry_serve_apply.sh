# shellcheck shell=sh
# haui: include osfamily_lib registry_serve_lib
# Brings the program, its account, login and folder, and starts it as a service of its own name, so that nothing of the
# distribution's package has to be changed.
set -eu

fetch_program() {
    set -- "$HAUI_PROGRAM.haui-new"
    note_folder "${HAUI_PROGRAM%/*}"
    mkdir -p "${HAUI_PROGRAM%/*}"
    (
        if [ -n "${HAUI_NO_PROXY:-}" ]; then
            http_proxy=${HAUI_HTTP_PROXY:-} https_proxy=${HAUI_HTTPS_PROXY:-} no_proxy=$HAUI_NO_PROXY
            export http_proxy https_proxy no_proxy
        fi
        curl -q -g -fsSL --retry 2 --connect-timeout 15 -o "$1" "$HAUI_URL"
    ) || die "$HAUI_URL can't be fetched" "correct registry.program, or put the program on this host and name its path"
    registry_sum "$1" || die "$HAUI_URL is not what registry.sha256 says" "correct registry.sha256, or look who changed it"
    chmod 0755 "$1"
    put_file "$1" "$HAUI_PROGRAM"
}

install_program() {
    if [ "$(os_family)" != debian ]; then
        die "no package of a registry is known for $(os_release PRETTY_NAME)" \
            "put the program of distribution (a single file) on this host and name its path in registry.program"
    fi
    # The package starts a registry of its own at once, on port 5000, without TLS. Not where somebody has it already.
    if [ -z "$(package version docker-registry)" ]; then
        note_unit docker-registry.service
        systemctl mask docker-registry.service
    fi
    package install docker-registry || die "docker-registry can't be installed" \
        "look at the package sources of this host, or name a program in registry.program"
}

if ! registry_program; then
    if [ -n "$HAUI_URL" ]; then
        fetch_program
    elif [ -n "$HAUI_PACKAGED" ]; then
        install_program
    fi
    registry_program || die "there is no program $HAUI_PROGRAM on this host" \
        "put it there, executable, or correct registry.program (and registry.sha256)"
fi
"$HAUI_PROGRAM" --version || die "$HAUI_PROGRAM does not run on this host" "is it for this processor?"

if ! id "$REGISTRY_ACCOUNT" >/dev/null 2>&1; then
    note_before user "$REGISTRY_ACCOUNT" absent
    useradd --system --user-group --home-dir "$HAUI_STORAGE" --no-create-home --shell /usr/sbin/nologin "$REGISTRY_ACCOUNT"
fi
storage=${HAUI_ROOT:-}$HAUI_STORAGE
note_folder "$storage"
mkdir -p "$storage"
[ "$(owner "$storage")" = "$REGISTRY_ACCOUNT" ] || chown -R "$REGISTRY_ACCOUNT:$REGISTRY_ACCOUNT" "$storage"
chmod 0750 "$storage"
chown "$REGISTRY_ACCOUNT" "$REGISTRY/server.key"

if [ -z "$HAUI_USER" ]; then
    rm -f "$REGISTRY/htpasswd"
elif ! login_right; then
    if ! have htpasswd; then
        case $(os_family) in
            debian) package install apache2-utils ;;
            *) package install httpd-tools ;;
        esac || die "htpasswd can't be installed" "look at the package sources of this host"
    fi
    if ! login_right; then
        # The registry reads bcrypt only; the password comes on standard input.
        (
            umask 077
            : >"$REGISTRY/htpasswd.haui-new"
            htpasswd -iB "$REGISTRY/htpasswd.haui-new" "$HAUI_USER" <"$HAUI_INPUTS/password"
            chown "$REGISTRY_ACCOUNT" "$REGISTRY/htpasswd.haui-new"
            mv "$REGISTRY/htpasswd.haui-new" "$REGISTRY/htpasswd"
        ) || die "the login can't be written"
    fi
fi

# shellcheck disable=SC2046  # a list of files
mark=$(files_mark $(registry_files))
systemctl daemon-reload
systemctl enable haui-registry
# shellcheck disable=SC2046
if [ "$(unit_active haui-registry)" != active ] || ! loaded haui-registry $(registry_files); then
    systemctl restart haui-registry
    echo "started haui-registry"
fi
if ! wait_until "${HAUI_PATIENCE:-30}" registry_answers; then # HAUI_PATIENCE is set by tests only
    journalctl -u haui-registry -n 20 --no-pager -o cat 2>/dev/null || :
    die "the registry does not answer at $(registry_origin)/v2/: $(registry_code /v2/)" \
        "see: journalctl -u haui-registry"
fi
note_loaded haui-registry "$mark"

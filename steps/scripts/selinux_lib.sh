# shellcheck shell=sh
# SELinux as it is: asked of, and told what our services need. It stays as strict as it was.

# selinux_mode: enforcing, permissive or disabled, as it is now.
selinux_mode() {
    haui_enforce=
    [ ! -r "${HAUI_ROOT:-}/sys/fs/selinux/enforce" ] || read -r haui_enforce <"${HAUI_ROOT:-}/sys/fs/selinux/enforce" || :
    case $haui_enforce in
        1) echo enforcing ;;
        0) echo permissive ;;
        *) echo disabled ;;
    esac
}

# selinux_boolean NAME: on or off; nothing when the policy does not have it.
selinux_boolean() {
    getsebool "$1" 2>/dev/null | awk '{ print $3 }'
}

# want_selinux BOOLEAN…: findings about them, where SELinux is on.
want_selinux() {
    [ "$(selinux_mode)" != disabled ] || return 0
    for haui_boolean; do
        haui_value=$(selinux_boolean "$haui_boolean")
        [ -z "$haui_value" ] || want "SELinux boolean $haui_boolean" on "$haui_value"
    done
}

# allow_selinux BOOLEAN…: switched on for good.
allow_selinux() {
    [ "$(selinux_mode)" != disabled ] || return 0
    for haui_boolean; do
        if [ "$(selinux_boolean "$haui_boolean")" = off ]; then
            note_before selinux-boolean "$haui_boolean" off
            setsebool -P "$haui_boolean" 1 || die "the SELinux boolean $haui_boolean can't be set" \
                "run by hand: setsebool -P $haui_boolean 1; or say system.selinux: permissive"
            echo "SELinux: $haui_boolean is on"
        fi
    done
}

# selinux_port TYPE PORT: whether services of that kind may use the TCP port.
selinux_port() {
    semanage port -l 2>/dev/null | awk -v type="$1" -v port="$2" '
        $1 == type && $2 == "tcp" {
            for (i = 3; i <= NF; i++) {
                sub(/,/, "", $i)
                if (split($i, range, "-") == 1) range[2] = range[1]
                if (port + 0 >= range[1] + 0 && port + 0 <= range[2] + 0) found = 1
            }
        }
        END { exit !found }'
}

# selinux_port_of PORT: the type that the admin has given to the TCP port; nothing when that is the policy's business.
selinux_port_of() {
    semanage port -l -C 2>/dev/null | awk -v port="$1" '$2 == "tcp" && $3 == port { print $1; exit }'
}

# want_selinux_port TYPE PORT, allow_selinux_port TYPE PORT
want_selinux_port() {
    [ "$(selinux_mode)" != disabled ] && have semanage || return 0
    haui_value=other
    ! selinux_port "$1" "$2" || haui_value=$1
    want "SELinux type of port $2" "$1" "$haui_value"
}
allow_selinux_port() {
    [ "$(selinux_mode)" != disabled ] && have semanage || return 0
    selinux_port "$1" "$2" && return 0
    note_before selinux-port "$2" "$(selinux_port_of "$2")"
    # -a fails for a port that the policy has given to somebody else, -m for one that it does not know.
    semanage port -a -t "$1" -p tcp "$2" 2>/dev/null || semanage port -m -t "$1" -p tcp "$2" ||
        die "SELinux does not let $1 have port $2" \
            "run by hand: semanage port -m -t $1 -p tcp $2; or choose another endpoint.port"
    echo "SELinux: port $2 is of $1"
}

# selinux_type PATH: the type of a file's label.
selinux_type() {
    stat -c %C -- "${HAUI_ROOT:-}$1" 2>/dev/null | cut -d : -f 3
}

# selinux_type_of PATTERN: the type that the admin has given to such files; nothing when there is none.
selinux_type_of() {
    semanage fcontext -l -C 2>/dev/null | grep -F "$1 " | awk -F : '{ print $(NF - 1); exit }'
}

# want_selinux_type TYPE PATH, allow_selinux_type TYPE PATH: a file outside of the places that the policy knows.
want_selinux_type() {
    [ "$(selinux_mode)" != disabled ] && have semanage || return 0
    want "SELinux type of $2" "$1" "$(selinux_type "$2")"
}
allow_selinux_type() {
    [ "$(selinux_mode)" != disabled ] && have semanage || return 0
    haui_pattern=$(printf '%s' "$2" | sed 's/[.]/\\./g')
    semanage fcontext -l -C 2>/dev/null | grep -F "$haui_pattern " | grep -q ":$1:" || {
        note_before selinux-type "$haui_pattern" "$(selinux_type_of "$haui_pattern")"
        semanage fcontext -a -t "$1" "$haui_pattern" 2>/dev/null || semanage fcontext -m -t "$1" "$haui_pattern"
    } || die "SELinux does not learn that $2 is of $1" "run by hand: semanage fcontext -a -t $1 '$haui_pattern'"
    restorecon -F "${HAUI_ROOT:-}$2" || die "$2 can't be labelled" "run by hand: restorecon -Fv $2"
}

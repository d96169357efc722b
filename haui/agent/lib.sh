# shellcheck shell=sh
# Put in front of every script that haui runs on a host. Functions only; sets no shell options.

# shellcheck disable=SC2034  # used by the scripts that follow
HAUI_TAB=$(printf '\t')
HAUI_NEWLINE='
'

# oneline TEXT: TEXT with each run of tabs and line breaks as one blank.
oneline() (
    set -f
    IFS="$HAUI_TAB$HAUI_NEWLINE$(printf '\r')"
    # shellcheck disable=SC2086  # the splitting is what this is about
    set -- $1
    IFS=' '
    printf '%s' "$*"
)

# finding ok|differs|blocked|info WHAT [EXPECTED [SEEN]]: one line of evidence. With blocked, EXPECTED is the fix.
finding() {
    printf '%s\t%s\t%s\t%s\n' "$1" "$(oneline "${2-}")" "$(oneline "${3-}")" "$(oneline "${4-}")"
}

# want WHAT EXPECTED SEEN: ok when both are equal, else differs.
want() {
    if [ "$2" = "$3" ]; then
        finding ok "$1" "$2" "$3"
    else
        finding differs "$1" "$2" "$3"
    fi
}

# changed PATH: whether this task has just placed another content there.
changed() {
    [ -n "${HAUI_CHANGED:-}" ] && grep -qxF -- "$1" "$HAUI_CHANGED"
}

# die MESSAGE [FIX]: ends the script as failed; the message is the decisive line.
die() {
    printf '%s\n' "haui: $1" >&2
    [ -z "${2-}" ] || printf '%s\n' "haui: fix: $2" >&2
    exit 1
}

# uptime_seconds: a clock that nobody sets.
uptime_seconds() {
    read -r haui_uptime _ </proc/uptime
    printf '%s' "${haui_uptime%%.*}"
}

# wait_until SECONDS COMMAND…: asks once a second until COMMAND succeeds; 1 when time is up.
wait_until() {
    haui_deadline=$(($(uptime_seconds) + $1))
    shift
    until "$@"; do
        [ "$(uptime_seconds)" -lt "$haui_deadline" ] || return 1
        sleep 1
    done
}

# have COMMAND: whether it can be run.
have() {
    command -v "$1" >/dev/null 2>&1
}

# put_line_file PATH TEXT [MODE]: writes TEXT and a newline to PATH in one move; silent when it is there already.
put_line_file() {
    if [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; then
        return 0
    fi
    mkdir -p "$(dirname "$1")"
    printf '%s\n' "$2" >"$1.haui-new"
    chmod "${3:-0644}" "$1.haui-new"
    mv "$1.haui-new" "$1"
    printf 'wrote %s\n' "$1"
}

# os_release FIELD: a field of /etc/os-release, which is read, not run.
os_release() (
    set -f
    while IFS='=' read -r haui_name haui_value; do
        [ "$haui_name" = "$1" ] || continue
        case $haui_value in
            \"*\" | \'*\') haui_value=${haui_value#?} && haui_value=${haui_value%?} ;;
        esac
        printf '%s' "$haui_value"
        break
    done 2>/dev/null <"${HAUI_ROOT:-}/etc/os-release"
)

# os_family: debian, redhat, or other.
os_family() {
    # shellcheck disable=SC2046  # several words, ID first
    for haui_id in $(os_release ID) $(os_release ID_LIKE); do
        case $haui_id in
            debian | ubuntu) echo debian && return ;;
            rhel | fedora | centos | rocky | almalinux) echo redhat && return ;;
        esac
    done
    echo other
}

# keep_original PATH: one copy of PATH as it was before haui touched it first.
keep_original() {
    if [ -e "$1" ] && [ ! -e "$1.haui-orig" ]; then
        cp -p "$1" "$1.haui-orig"
    fi
}

# unit_enabled UNIT, unit_active UNIT: the state as systemd names it.
unit_enabled() {
    systemctl is-enabled "$1" 2>/dev/null || :
}
unit_active() {
    systemctl is-active "$1" 2>/dev/null || :
}

# A service that runs is not proof that it has read the files of today: a run may have died between placing a file and
# the reload. So each successful (re)load notes which files it read; a file placed since then has another time.
HAUI_LOADED=${HAUI_ROOT:-}/var/lib/haui/loaded # HAUI_ROOT is set by tests only

# files_mark FILE…: tells two states of the files apart.
files_mark() {
    TZ=UTC stat -c '%n %s %y' -- "$@" 2>/dev/null || :
}

# loaded UNIT FILE…: whether UNIT has read these files as they are now.
loaded() {
    haui_unit=$1
    shift
    [ -f "$HAUI_LOADED/$haui_unit" ] && [ "$(cat "$HAUI_LOADED/$haui_unit")" = "$(files_mark "$@")" ]
}

# note_loaded UNIT MARK: MARK being what files_mark said before UNIT was told to read them.
note_loaded() {
    put_line_file "$HAUI_LOADED/$1" "$2" >/dev/null
}

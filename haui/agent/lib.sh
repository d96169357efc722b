# shellcheck shell=sh
# Put in front of every script that haui runs on a host. Functions only; sets no shell options.

# shellcheck disable=SC2034  # used by the scripts that follow
HAUI_TAB='	'
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
    case ${2-}${3-}${4-} in
        *[[:cntrl:]]*) set -- "$1" "$(oneline "${2-}")" "$(oneline "${3-}")" "$(oneline "${4-}")" ;;
    esac
    printf '%s\t%s\t%s\t%s\n' "$1" "${2-}" "${3-}" "${4-}"
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
    ours_alone "$1" || note_folder "${1%/*}"
    mkdir -p "$(dirname "$1")"
    printf '%s\n' "$2" >"$1.haui-new"
    chmod "${3:-0644}" "$1.haui-new"
    put_file "$1.haui-new" "$1"
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

# The change record, $HAUI_BEFORE, which root alone can read: what the host was before haui came. `kept/PATH` is a file as
# it was, `absent/PATH` says that there was none, `noted/KIND/NAME` is anything else, by a name that stands for any text.
# What comes first stays, and it is on the disk before the change is made. `haui reset` goes by it.
HAUI_BEFORE=${HAUI_BEFORE:-${HAUI_ROOT:-}/var/lib/haui/before}

# note_code NAME: haui_code becomes NAME as a path of plain names, each short enough for a file system. A byte that no
# plain name has is %xx; the names that haui has notes of cost no process.
note_code() {
    haui_code=
    haui_rest=$1
    case $haui_rest in
        .*) haui_code=%2e ;;
        _*) haui_code=%5f ;;
        -*) haui_code=%2d ;;
    esac
    [ -z "$haui_code" ] || haui_rest=${haui_rest#?}
    while :; do
        haui_run=${haui_rest%%[!A-Za-z0-9_.-]*}
        haui_code=$haui_code$haui_run
        haui_rest=${haui_rest#"$haui_run"}
        case $haui_rest in
            '') break ;;
            /*) haui_code=$haui_code%2f ;;
            ' '*) haui_code=$haui_code%20 ;;
            :*) haui_code=$haui_code%3a ;;
            +*) haui_code=$haui_code%2b ;;
            @*) haui_code=$haui_code%40 ;;
            *)
                haui_run=${haui_rest%%[A-Za-z0-9_./\ :+@-]*}
                haui_rest=${haui_rest#"$haui_run"}
                haui_run=$(printf '%s' "$haui_run" | od -An -v -tx1 | tr -s ' \n' '%%')
                haui_code=$haui_code${haui_run%"%"}
                continue
                ;;
        esac
        haui_rest=${haui_rest#?}
    done
    haui_rest=$haui_code
    haui_code=
    while [ "${#haui_rest}" -gt 200 ]; do
        haui_run=$(printf '%.200s' "$haui_rest")
        haui_code=$haui_code$haui_run/
        haui_rest=+${haui_rest#"$haui_run"}
    done
    haui_code=$haui_code$haui_rest.v
}

# note_name CODE: haui_noted becomes the NAME that was made that code.
note_name() {
    haui_noted=
    haui_rest=${1%.v}
    while :; do
        case $haui_rest in
            */+*) haui_rest=${haui_rest%%/+*}${haui_rest#*/+} ;;
            *) break ;;
        esac
    done
    while :; do
        haui_noted=$haui_noted${haui_rest%%%*}
        case $haui_rest in
            *%*) haui_rest=${haui_rest#*%} ;;
            *) break ;;
        esac
        case $haui_rest in
            2f*) haui_noted=$haui_noted/ ;;
            20*) haui_noted="$haui_noted " ;;
            3a*) haui_noted=$haui_noted: ;;
            2b*) haui_noted=$haui_noted+ ;;
            40*) haui_noted=$haui_noted@ ;;
            2e*) haui_noted=$haui_noted. ;;
            5f*) haui_noted=${haui_noted}_ ;;
            2d*) haui_noted=$haui_noted- ;;
            [0-9a-f][0-9a-f]*)
                haui_byte=$((0x${haui_rest%"${haui_rest#??}"}))
                haui_noted=$haui_noted\\0$((haui_byte / 64))$((haui_byte / 8 % 8))$((haui_byte % 8))
                ;;
        esac
        haui_rest=${haui_rest#??}
    done
    case $haui_noted in
        # The dot keeps line breaks at the end of a name.
        *\\*) haui_noted=$(printf '%b.' "$haui_noted") && haui_noted=${haui_noted%.} ;;
    esac
}

# note_before KIND NAME VALUE: says, before it is changed, that NAME was VALUE. A later note of the same name is none.
note_before() {
    note_code "$2"
    haui_note=$HAUI_BEFORE/noted/$1/$haui_code
    [ ! -e "$haui_note" ] || return 0
    (
        umask 077
        { [ -d "${haui_note%/*}" ] || mkdir -p "${haui_note%/*}"; } && printf '%s' "$3" >"$haui_note.new" && sync "$haui_note.new" &&
            mv -f "$haui_note.new" "$haui_note" && sync "${haui_note%/*}"
    ) || note_trouble
}

# note_each KIND VALUE NAME…: `note_before` of each NAME, with one wait for the disk.
note_each() (
    [ $# -gt 2 ] || exit 0
    haui_notes=$HAUI_BEFORE/noted/$1
    haui_fresh=$HAUI_BEFORE/new
    haui_said=$2
    umask 077
    shift 2
    { rm -rf "$haui_fresh" && mkdir -p "$haui_fresh" "$haui_notes"; } || note_trouble
    for haui_each; do
        note_code "$haui_each"
        case $haui_code in
            */*) note_before "${haui_notes##*/}" "$haui_each" "$haui_said" ;;
            *) [ -e "$haui_notes/$haui_code" ] || printf '%s' "$haui_said" >"$haui_fresh/$haui_code" || note_trouble ;;
        esac
    done
    set -- "$haui_fresh"/*
    { [ ! -e "$1" ] || { sync "$@" && mv -f "$@" "$haui_notes" && sync "$haui_notes"; }; } || note_trouble
    rmdir "$haui_fresh"
)

note_trouble() {
    die "what was before can't be noted below $HAUI_BEFORE" "is the disk full, or can it not be written to?"
}

# noted KIND NAME: what was noted; 1 when nothing was.
noted() {
    note_code "$2"
    haui_note=$HAUI_BEFORE/noted/$1/$haui_code
    [ -f "$haui_note" ] && cat "$haui_note"
}

# noted_codes KIND: the codes of all names of that kind, a line each.
noted_codes() {
    [ ! -d "$HAUI_BEFORE/noted/$1" ] || (cd "$HAUI_BEFORE/noted/$1" && find . -name '*.v' -type f | sed 's|^[.]/||' | LC_ALL=C sort)
}

# ours_alone PATH: whether it is below a folder that is haui's as a whole.
ours_alone() {
    case ${1#"${HAUI_ROOT:-}"} in
        /etc/haui/* | /var/lib/haui/* | /run/haui/*) return 0 ;;
    esac
    return 1
}

# note_folder PATH: that PATH, and what is above it, did not exist.
note_folder() {
    haui_folder=$1
    while [ -n "$haui_folder" ] && [ "$haui_folder" != "${HAUI_ROOT:-}" ] && [ ! -e "$haui_folder" ] && [ ! -L "$haui_folder" ]; do
        note_before folder "${haui_folder#"${HAUI_ROOT:-}"}" absent
        haui_folder=${haui_folder%/*}
    done
}

# note_unit UNIT…: how systemd has it, before it is enabled, disabled, masked, started or stopped, or even installed.
note_unit() {
    for haui_unit; do
        haui_state=$(unit_enabled "$haui_unit" | head -n 1)
        note_before unit "$haui_unit" "${haui_state:-not-found} $(unit_active "$haui_unit" | head -n 1)"
    done
}

# keep_before PATH: the file as it was before haui first touched it, or the note that there was none.
keep_before() {
    haui_path=${1#"${HAUI_ROOT:-}"}
    haui_kept=$HAUI_BEFORE/kept$haui_path
    haui_absent=$HAUI_BEFORE/absent$haui_path
    if [ -e "$haui_kept" ] || [ -L "$haui_kept" ] || [ -e "$haui_absent" ]; then
        return 0
    fi
    # Where older versions of haui have kept it.
    haui_source=$1
    [ ! -e "$1.haui-orig" ] || haui_source=$1.haui-orig
    (
        umask 077
        if [ -e "$haui_source" ] || [ -L "$haui_source" ]; then
            # Not beside it: what a kill leaves there would be taken for a file that was kept.
            haui_copy=$HAUI_BEFORE/new-copy
            mkdir -p "${haui_kept%/*}" && rm -rf "$haui_copy" && cp -a "$haui_source" "$haui_copy" &&
                { [ -L "$haui_copy" ] || [ ! -f "$haui_copy" ] || sync "$haui_copy"; } &&
                mv -fT "$haui_copy" "$haui_kept" && sync "${haui_kept%/*}"
        else
            note_folder "${1%/*}"
            mkdir -p "${haui_absent%/*}" && : >"$haui_absent" && sync "${haui_absent%/*}"
        fi
    ) || die "no copy of $1 can be kept below $HAUI_BEFORE" "is the disk full, or can it not be written to?"
    [ "$haui_source" = "$1" ] || rm -f "$haui_source"
}

# note_wrote PATH SOURCE: PATH is about to become what the file SOURCE is. What is none of these is somebody else's work.
note_wrote() {
    haui_sum=$(sha256sum <"$2") || die "$2 can't be read"
    note_before wrote "${1#"${HAUI_ROOT:-}"} ${haui_sum%% *}" ""
}

# move_file NEW PATH: NEW, a file or a link, becomes PATH in one move that a power cut does not part from its content.
move_file() {
    { [ -L "$1" ] || sync "$1"; } && mv -fT "$1" "$2" && sync "${2%/*}"
}

# put_file NEW PATH: NEW becomes PATH, on record.
put_file() {
    if ! ours_alone "$2"; then
        keep_before "$2"
        note_wrote "$2" "$1"
    fi
    move_file "$1" "$2"
}

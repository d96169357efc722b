# shellcheck shell=sh
# What the scripts of a reset share. They go by the change record ($HAUI_BEFORE) and by what they see; a host without a
# record is left as it is. HAUI_ROOT is set by tests only.

ROOT=${HAUI_ROOT:-}
HAUI_STATE=${HAUI_BEFORE%/before}

# begun STEP…: whether haui has begun one of these steps here: the folders of its tasks are still there.
begun() {
    for haui_step; do
        for haui_claim in "$HAUI_STATE"/*/"$haui_step".*/meta; do
            [ ! -e "$haui_claim" ] || return 0
        done
    done
    return 1
}

# each_noted KIND FUNCTION: calls FUNCTION NAME VALUE for each.
each_noted() {
    for haui_code in $(noted_codes "$1"); do
        note_name "$haui_code"
        haui_value=$(cat "$HAUI_BEFORE/noted/$1/$haui_code") || continue
        # shellcheck disable=SC2154  # by note_name
        "$2" "$haui_noted" "$haui_value"
    done
}

# was_absent FOLDER: whether haui has noted that it was not there.
was_absent() {
    noted folder "$1" >/dev/null
}

# removes_data: whether the admin has agreed to lose etcd's data, and images, by typing the cluster's name.
removes_data() {
    [ "${HAUI_ETCD_DATA:-keep}" = remove ]
}

# is_mounted PATH: whether something is mounted right there.
is_mounted() {
    awk -v path="$1" '$2 == path { found = 1 } END { exit !found }' "$ROOT/proc/self/mounts" 2>/dev/null
}

# unmount_below PATH: everything that is mounted below it, the deepest first.
unmount_below() {
    awk -v path="$1/" 'index($2, path) == 1 { print $2 }' "$ROOT/proc/self/mounts" 2>/dev/null | LC_ALL=C sort -r |
        while IFS= read -r haui_mount; do
            haui_mount=$(printf '%b' "$(printf '%s' "$haui_mount" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')")
            umount "$haui_mount" 2>/dev/null || umount -l "$haui_mount" || :
        done
}

# remove_tree PATH: with all that is below it on the same disk: what could not be unmounted may hold somebody's data.
remove_tree() {
    is_mounted "${1#"$ROOT"}" || rm -rf --one-file-system "$1"
}

# new_in FOLDER: what has come into it since haui noted what was there, a line each.
new_in() {
    for haui_entry in "$ROOT$1"/* "$ROOT$1"/.[!.]*; do
        if [ -e "$haui_entry" ] || [ -L "$haui_entry" ]; then
            noted entry "${haui_entry#"$ROOT"}" >/dev/null || printf '%s\n' "$haui_entry"
        fi
    done
}

# clear_new FOLDER: takes that away, and the folder where it was not there before.
clear_new() {
    unmount_below "$1"
    new_in "$1" | while IFS= read -r haui_entry; do
        remove_tree "$haui_entry"
    done
    drop_folder "$1"
}

# drop_folder FOLDER: where it was not there before and is empty now.
drop_folder() {
    ! was_absent "$1" || is_mounted "$1" || rmdir "$ROOT$1" 2>/dev/null || :
}

# want_nothing_new FOLDER: a row about it.
want_nothing_new() {
    haui_left=$(new_in "$1" | head -n 5 | sed "s|^$ROOT$1/||" | tr '\n' ' ')
    want "$1" "as it was" "${haui_left:-as it was}"
}

# unit_was UNIT enabled|active: what was noted of it; nothing when nothing was.
unit_was() {
    haui_states=$(noted unit "$1") || return 0
    case $2 in
        enabled) printf '%s' "${haui_states% *}" ;;
        active) printf '%s' "${haui_states##* }" ;;
    esac
}

# retire UNIT…: stopped, and not started at boot, where that is how it was. One that ran before goes on: it is restarted
# when its own files are back.
retire() {
    for haui_service; do
        noted unit "$haui_service" >/dev/null || continue
        case $(unit_was "$haui_service" enabled) in
            enabled*) ;;
            *) systemctl disable "$haui_service" 2>/dev/null || : ;;
        esac
        [ "$(unit_was "$haui_service" active)" = active ] || systemctl stop "$haui_service" 2>/dev/null || :
        systemctl reset-failed "$haui_service" 2>/dev/null || :
    done
}

# want_retired UNIT…: rows about that.
want_retired() {
    for haui_service; do
        noted unit "$haui_service" >/dev/null || continue
        if [ "$(unit_was "$haui_service" active)" = active ]; then
            finding info "$haui_service" "ran before haui came" "goes on with its own files"
            continue
        fi
        haui_now=$(unit_active "$haui_service" | head -n 1)
        case $haui_now in
            active | activating | reloading | deactivating) finding differs "$haui_service" stopped "$haui_now" ;;
            *) finding ok "$haui_service" stopped stopped ;;
        esac
        case $(unit_was "$haui_service" enabled):$(unit_enabled "$haui_service" | head -n 1) in
            enabled*) ;;
            *:enabled | *:enabled-runtime) finding differs "$haui_service at boot" "not started" enabled ;;
        esac
    done
}

# want_user NAME, drop_user NAME: an account that haui has made.
want_user() {
    noted user "$1" >/dev/null || return 0
    if id "$1" >/dev/null 2>&1; then finding differs "account $1" absent present; else finding ok "account $1" absent absent; fi
}
drop_user() {
    if noted user "$1" >/dev/null && id "$1" >/dev/null 2>&1; then
        userdel "$1" || die "the account $1 can't be removed" "end what runs as $1, then try again"
    fi
}

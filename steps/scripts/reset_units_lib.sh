# shellcheck shell=sh
# haui: include reset_files_lib
# Services that were here before, and folders that were not.

# is_masked UNIT
is_masked() {
    case $(unit_enabled "$1" | head -n 1) in masked*) return 0 ;; esac
    return 1
}

# is_unit UNIT: whether systemd knows it.
is_unit() {
    [ "$(systemctl show -p LoadState --value "$1" 2>/dev/null)" != not-found ]
}

# unit_change UNIT "ENABLED ACTIVE": what has to be done so that it is again as noted, a word a line.
unit_change() {
    unit_then=${2% *}
    unit_now=$(unit_enabled "$1" | head -n 1)
    case $unit_then:$unit_now in
        masked*:masked*) ;;
        masked*:*) echo mask ;;
        *:masked*) echo unmask ;;
    esac
    is_unit "$1" || return 0
    case $unit_then:$unit_now in
        enabled*:enabled* | masked*:*) ;;
        enabled*:*) echo enable ;;
        *:enabled | *:enabled-runtime) echo disable ;;
    esac
    case ${2##* }:$(unit_active "$1" | head -n 1) in
        # It may still have the files in mind that haui gave it.
        active:active | active:activating | active:reloading) [ ! -e "$HAUI_LOADED/$1" ] || echo restart ;;
        active:* | activating:inactive | activating:failed) echo start ;;
        activating:*) ;;
        *:active) echo stop ;;
    esac
}

# left_by_packages: folders that packages of haui's leave with something in them.
left_by_packages() {
    for haui_left in /var/lib/haproxy /var/lib/nginx; do
        ! was_absent "$haui_left" || [ ! -d "$ROOT$haui_left" ] || printf '%s\n' "$haui_left"
    done
}

# rpm_leftovers: what rpm has put beside a file of haui's that stood in the way of its own.
rpm_leftovers() {
    recorded absent | while IFS= read -r haui_file; do
        for haui_left in "$ROOT$haui_file.rpmnew" "$ROOT$haui_file.rpmsave"; do
            [ ! -e "$haui_left" ] || is_there "$haui_file" || printf '%s\n' "$haui_left"
        done
    done
}

# empty_folders: those that were not here before and hold nothing, the deepest first.
empty_folders() {
    for haui_code in $(noted_codes folder); do
        note_name "$haui_code"
        # shellcheck disable=SC2154  # by note_name
        printf '%s\n' "$haui_noted"
    done | LC_ALL=C sort -r | while IFS= read -r haui_named; do
        case $haui_named/ in
            /etc/haui/* | /var/lib/haui/* | /run/haui/*) continue ;;
        esac
        [ -d "$ROOT$haui_named" ] || continue
        ! is_mounted "$haui_named" || continue
        # A folder is as good as empty when it only holds such ones.
        [ -n "$(find "$ROOT$haui_named" -mindepth 1 ! -type d -print -quit)" ] || printf '%s\n' "$haui_named"
    done
}

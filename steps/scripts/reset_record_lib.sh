# shellcheck shell=sh
# haui: include reset_lib
# What haui itself has on a host.

# own_remains: all of it besides the folders of runs that were nothing but a reset, and the lock that they share.
own_remains() {
    [ ! -e "$ROOT/etc/haui" ] || echo "$ROOT/etc/haui"
    for haui_entry in "$HAUI_STATE"/* "$HAUI_STATE"/.[!.]*; do
        [ -e "$haui_entry" ] || continue
        case $haui_entry in
            "$HAUI_STATE/lock") ;;
            *) only_resets "$haui_entry" || printf '%s\n' "$haui_entry" ;;
        esac
    done
}

# only_resets FOLDER: whether it is the folder of a run that did nothing but reset.
only_resets() {
    [ -d "$1" ] || return 1
    for haui_task in "$1"/* "$1"/.[!.]*; do
        [ -e "$haui_task" ] || continue
        case ${haui_task##*/} in
            reset.*.[0-9]*) ;;
            *) return 1 ;;
        esac
    done
}

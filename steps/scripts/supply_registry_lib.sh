# shellcheck shell=sh
# What the cluster file says is on a registry's host already. Facts:
#   registry.archive  KIND KIB    what HAUI_ARCHIVE is: file, folder, absent or unreadable; and its size
#   registry.program  yes or no   whether HAUI_PROGRAM can be run

supply_registry() {
    if [ -n "${HAUI_ARCHIVE:-}" ]; then
        archive=$ROOT$HAUI_ARCHIVE
        if [ -d "$archive" ]; then
            kind="folder"
            [ -r "$archive/index.json" ] || kind=unreadable
        elif [ -f "$archive" ]; then
            kind="file"
            [ -r "$archive" ] || kind=unreadable
        else
            kind=absent
        fi
        size=$(bounded 5 du -sk "$archive" | awk '{ print $1; exit }')
        fact registry.archive "$kind ${size:-0}"
    fi
    if [ -n "${HAUI_PROGRAM:-}" ]; then
        if [ -x "$ROOT$HAUI_PROGRAM" ]; then fact registry.program yes; else fact registry.program no; fi
    fi
}

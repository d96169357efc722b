# shellcheck shell=sh
# shellcheck disable=SC2317,SC2329  # functions that are called by their names
# haui: include reset_units_lib
# Has services run as they did before haui came, with their own files, and removes folders that nobody needs any more.
set -u

undo_unit() {
    for todo in $(unit_change "$1" "$2"); do
        echo "$todo $1"
        case $todo in
            restart) systemctl restart "$1" && rm -f "$HAUI_LOADED/$1" ;;
            start) systemctl start --no-block "$1" ;;
            *) systemctl "$todo" "$1" ;;
        esac || echo "systemctl $todo $1 failed"
    done
}
# What may not be left masked is unmasked first: only then is it known whether there is such a unit.
each_noted unit undo_unit
each_noted unit undo_unit
left_by_packages | while IFS= read -r left; do
    unmount_below "$left"
    remove_tree "$ROOT$left"
done
# With the last package below it, dpkg takes away the folder, whoever has made it.
was_absent /opt || ! noted node all >/dev/null || mkdir -p "$ROOT/opt"
rpm_leftovers | while IFS= read -r left; do
    rm -f "$left"
done
empty_folders | while IFS= read -r folder; do
    find "$ROOT$folder" -depth -type d -exec rmdir {} \; 2>/dev/null
done
exit 0

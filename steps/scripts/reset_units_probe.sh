# shellcheck shell=sh
# shellcheck disable=SC2317,SC2329  # functions that are called by their names
# haui: include reset_units_lib
# Do services run as they did, and are the folders gone that nobody needs any more?

probe_unit() {
    todo=$(unit_change "$1" "$2" | tr '\n' ' ')
    want "$1" "as it was: $2" "${todo:-as it was: $2}"
}
each_noted unit probe_unit
left=$(left_by_packages | tr '\n' ' ')
want "folders that packages have left" none "${left:-none}"
left=$(rpm_leftovers | sed "s|^$ROOT||" | tr '\n' ' ')
want "files that rpm has put aside" none "${left:-none}"
for folder in $(empty_folders | tr ' ' '?'); do
    finding differs "$folder" absent "empty"
done
for code in $(noted_codes folder); do
    note_name "$code"
    # shellcheck disable=SC2154  # by note_name
    folder=$haui_noted
    case $folder/ in /etc/haui/* | /var/lib/haui/* | /run/haui/*) continue ;; esac
    if [ -d "$ROOT$folder" ] && ! is_mounted "$folder" && [ -n "$(find "$ROOT$folder" -mindepth 1 ! -type d -print -quit)" ]; then
        finding info "$folder" absent "holds something that is not haui's, or was kept"
    fi
done
finding ok "services and folders on record" "looked at" "$(($(noted_codes unit | wc -l))) and $(($(noted_codes folder | wc -l)))"
exit 0

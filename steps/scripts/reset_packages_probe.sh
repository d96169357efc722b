# shellcheck shell=sh
# shellcheck disable=SC2317,SC2329  # functions that are called by their names
# haui: include reset_packages_lib
# Are the packages gone that haui's installs have brought?

if [ -z "$(noted_codes package)" ] && [ -z "$(noted_codes hold)" ]; then
    finding ok packages "none of haui's" "none was noted"
    exit 0
fi
names=$(brought)
if [ -n "$names" ]; then
    # shellcheck disable=SC2086  # a list of names
    removable=$(package removable $names)
    for name in $names; do
        if printf '%s\n' "$removable" | grep -qx -e "$name" -e "$name:.*"; then
            finding differs "package $name" absent "$(package version "$name")"
        else
            finding info "package $name" absent "stays: other packages need it by now"
        fi
    done
fi
changed_since() {
    [ "$2" != absent ] || return 0
    now=$(package version "$1")
    if [ -z "$now" ]; then
        finding info "package $1" "$2" "taken away by an install; to have it back: $(package by_hand "$1")"
    elif [ "$now" != "$2" ]; then
        finding info "package $1" "$2" "changed to $now by an install, and stays so"
    fi
}
each_noted package changed_since
for name in $(held_by_haui); do
    finding differs "hold on $name" none held
done
finding ok "packages on record" "looked at" "$(($(noted_codes package | wc -l)))"
exit 0

# shellcheck shell=sh
# haui: include reset_packages_lib
# Removes what haui's installs have brought, with its configuration. Never what others need by now, nor what was here.
set -eu

held=$(held_by_haui)
# shellcheck disable=SC2086  # a list of names
[ -z "$held" ] || package unhold $held
names=$(brought)
[ -n "$names" ] || exit 0
# shellcheck disable=SC2086
removable=$(package removable $names)
[ -n "$removable" ] || exit 0
# What was there of their configuration has been given back, and goes with them. Whoever does all of this again after
# that must not bring it back once more.
# shellcheck disable=SC2086
package configuration $removable | while IFS= read -r path; do
    rm -f "$HAUI_BEFORE/kept$path"
done
# shellcheck disable=SC2086
package purge $removable || die "these packages can't be removed: $(oneline "$removable")" \
    "the lines above say why; a broken or locked package manager has to be repaired by hand"
systemctl daemon-reload

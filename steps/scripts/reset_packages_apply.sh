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
# shellcheck disable=SC2086
package purge $removable || die "these packages can't be removed: $(oneline "$removable")" \
    "the lines above say why; a broken or locked package manager has to be repaired by hand"
systemctl daemon-reload

# shellcheck shell=sh
# haui: include osfamily_lib selinux_lib
# Installs what is missing and touches nothing else.
set -eu

missing=
names=$(of_family HAUI_PACKAGES)
[ "$(selinux_mode)" = disabled ] || names="$names $(of_family HAUI_SELINUX_PACKAGES)"
for name in $names; do
    [ -n "$(package version "$name")" ] || missing="$missing $name"
done
[ -n "$missing" ] || exit 0
# shellcheck disable=SC2086  # a list of names
package install $missing || die "these packages can't be installed:$missing" \
    "look at the package sources of this host; '$(package by_hand $missing)' must work by hand"

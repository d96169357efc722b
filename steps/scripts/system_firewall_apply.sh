# shellcheck shell=sh
# haui: include firewall_lib
# Adds what is missing to the active firewall and takes away what haui once added and nobody needs any more. Without any
# rules it takes away everything of haui's.
set -eu

for tool in $(firewalls); do
    firewall_compare "$tool"
    "${tool}_add" <"$HAUI_INPUTS/missing"
    [ ! -s "$HAUI_INPUTS/stale" ] || "${tool}_remove" <"$HAUI_INPUTS/stale"
done

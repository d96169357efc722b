# shellcheck shell=sh
# haui: include swap_lib
# No swap now, and none after a reboot.

active=$(sed 1d "$ROOT/proc/swaps" | awk '{ print $1 }' | tr '\n' ' ')
want "swap in use" "none" "${active:-none}"
want "swap in /etc/fstab" "none" "$(fstab_swaps)"
want "swap.target" "masked" "$(unit_enabled swap.target)"
left=$(zram_sources | tr '\n' ' ')
want "compressed swap (zram)" "none" "${left:-none}"
exit 0

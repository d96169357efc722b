# shellcheck shell=sh
# haui: include swap_lib
# Turns swap off now and for good: the kubelet does not start with it. Nothing is deleted; fstab lines become comments,
# and the change record has the file as it was, which units there were, and what was in use.
set -eu

sed 1d "$ROOT/proc/swaps" | while read -r device _ _ _ priority; do
    note_before swap "$device" "$priority"
done
if [ "$(fstab_swaps)" != none ]; then
    awk '$1 !~ /^#/ && $3 == "swap" { print "# haui: no swap with Kubernetes: " $0; next } { print }' \
        "$ROOT/etc/fstab" >"$ROOT/etc/fstab.haui-new"
    chmod --reference="$ROOT/etc/fstab" "$ROOT/etc/fstab.haui-new"
    put_file "$ROOT/etc/fstab.haui-new" "$ROOT/etc/fstab"
    echo "commented the swap lines of /etc/fstab"
fi

for unit in $(zram_sources); do
    case $unit in
        zram-generator)
            : >"$ROOT/etc/systemd/zram-generator.conf.haui-new"
            put_file "$ROOT/etc/systemd/zram-generator.conf.haui-new" "$ROOT/etc/systemd/zram-generator.conf"
            ;;
        *)
            note_unit "$unit"
            systemctl disable --now "$unit"
            ;;
    esac
    echo "turned off $unit"
done

# systemd turns on swap partitions of a GPT disk by itself, fstab or not; masked units stay off.
units=$(systemctl list-units --type swap --all --plain --no-legend 2>/dev/null | awk '{ print $1 }')
# shellcheck disable=SC2086  # a list of units
note_unit $units swap.target
systemctl daemon-reload
for unit in $units; do
    systemctl stop "$unit" || :
    systemctl mask "$unit" || :
done
systemctl mask swap.target
if [ "$(sed 1d "$ROOT/proc/swaps" | wc -l)" -gt 0 ]; then
    echo "swapoff -a; this takes a while when much is swapped out"
    swapoff -a
fi

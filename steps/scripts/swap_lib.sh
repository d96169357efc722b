# shellcheck shell=sh
# Where swap comes from.

ROOT=${HAUI_ROOT:-}

# fstab_swaps: the devices that fstab turns on, or none.
fstab_swaps() {
    [ -f "$ROOT/etc/fstab" ] || { echo none && return; }
    awk '$1 !~ /^#/ && $3 == "swap" { found = found sep $1; sep = " " } END { print found == "" ? "none" : found }' "$ROOT/etc/fstab"
}

# zram_sources: what would make compressed swap at the next boot.
zram_sources() {
    for haui_unit in zramswap.service zram-config.service; do
        case $(unit_enabled "$haui_unit") in
            enabled | enabled-runtime) echo "$haui_unit" ;;
        esac
    done
    # The generator makes devices from any configuration that it finds, unless the first one is empty.
    if [ -x "$ROOT/usr/lib/systemd/system-generators/zram-generator" ]; then
        if [ ! -e "$ROOT/etc/systemd/zram-generator.conf" ] || [ -s "$ROOT/etc/systemd/zram-generator.conf" ]; then
            echo zram-generator
        fi
    fi
}

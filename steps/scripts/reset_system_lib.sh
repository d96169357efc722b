# shellcheck shell=sh
# haui: include reset_files_lib selinux_lib
# The settings of the system: kernel parameters and modules, swap, SELinux.

# sysctl_path NAME
sysctl_path() {
    printf '%s' "$ROOT/proc/sys/"
    printf '%s' "$1" | tr . /
}

# sysctl_now NAME: its value; 1 where there is no such setting (any more).
sysctl_now() {
    haui_setting=$(sysctl_path "$1")
    [ -r "$haui_setting" ] && cat "$haui_setting"
}

# swap_on DEVICE: whether it is in use.
swap_on() {
    haui_wanted=$(printf '%s' "$1" | sed 's/\\/\\\\/g')
    awk -v device="$haui_wanted" 'NR > 1 && $1 == device { found = 1 } END { exit !found }' "$ROOT/proc/swaps"
}

# swap_path DEVICE: as a path; /proc/swaps writes blanks as \040.
swap_path() {
    printf '%b' "$(printf '%s' "$1" | sed 's/\\\([0-7][0-7][0-7]\)/\\0\1/g')"
}

# is_swap_unit UNIT
is_swap_unit() {
    case $1 in
        *.swap | swap.target | zram*) return 0 ;;
    esac
    return 1
}

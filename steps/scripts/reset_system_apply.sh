# shellcheck shell=sh
# shellcheck disable=SC2317,SC2329  # functions that are called by their names
# haui: include reset_system_lib
# Sets kernel parameters, swap and SELinux back to what was noted, and unloads modules that haui has loaded and that
# nobody uses.
set -u

[ -d "$HAUI_BEFORE/noted" ] || exit 0

undo_sysctl() {
    now=$(sysctl_now "$1") || return 0
    [ "$now" = "$2" ] && return 0
    printf '%s\n' "$2" >"$(sysctl_path "$1")" || die "$1 can't be set to $2" "set it by hand: sysctl -w '$1=$2'"
    echo "$1 = $2"
}
# The file goes first: what sets it anew must not find it.
each_noted sysctl undo_sysctl

undo_module() {
    [ -d "$ROOT/sys/module/$1" ] && have modprobe || return 0
    modprobe -r -- "$1" 2>/dev/null && echo "unloaded $1"
    return 0
}
each_noted module undo_module

fstab_give_back
undo_mask() {
    is_swap_unit "$1" || return 0
    case $2 in
        masked*) ;;
        *)
            case $(unit_enabled "$1" | head -n 1) in
                masked*) systemctl unmask "$1" || : ;;
            esac
            case $2 in enabled*) systemctl enable "$1" || : ;; esac
            ;;
    esac
}
each_noted unit undo_mask
systemctl daemon-reload
undo_swap() {
    swap_on "$1" && return 0
    path=$(swap_path "$1")
    if [ -e "$ROOT$path" ]; then
        case $2 in
            -*) swapon "$path" ;;
            *) swapon -p "$2" "$path" ;;
        esac || die "swap on $path can't be turned on" "run by hand: swapon $path"
        echo "swap on $path"
    fi
}
each_noted swap undo_swap
undo_start() {
    is_swap_unit "$1" || return 0
    [ "${2##* }" != active ] || systemctl start "$1" 2>/dev/null || :
}
each_noted unit undo_start

if [ "$(noted selinux mode)" = enforcing ] && [ "$(selinux_mode)" = permissive ]; then
    setenforce 1 || die "SELinux stays permissive" "run by hand: setenforce 1"
fi
undo_boolean() {
    [ "$(selinux_boolean "$1")" = "$2" ] || setsebool -P "$1" "$2" || die "the SELinux boolean $1 can't be set" "run by hand: setsebool -P $1 $2"
}
undo_port() {
    [ "$(selinux_port_of "$1")" != "$2" ] || return 0
    if [ -n "$2" ]; then semanage port -m -t "$2" -p tcp "$1"; else semanage port -d -p tcp "$1"; fi ||
        die "SELinux does not forget port $1" "run by hand: semanage port -d -p tcp $1"
}
undo_type() {
    [ "$(selinux_type_of "$1")" != "$2" ] || return 0
    if [ -n "$2" ]; then semanage fcontext -m -t "$2" "$1"; else semanage fcontext -d "$1"; fi ||
        die "SELinux does not forget $1" "run by hand: semanage fcontext -d '$1'"
}
if [ "$(selinux_mode)" != disabled ]; then
    each_noted selinux-boolean undo_boolean
    if have semanage; then
        each_noted selinux-port undo_port
        each_noted selinux-type undo_type
    fi
fi
exit 0

# shellcheck shell=sh
# shellcheck disable=SC2317,SC2329  # functions that are called by their names
# haui: include reset_system_lib
# Are kernel parameters, modules, swap and SELinux what they were?

if [ ! -d "$HAUI_BEFORE/noted" ]; then
    finding ok "settings of the system" "as they were" "none was noted"
    exit 0
fi

probe_sysctl() {
    if now=$(sysctl_now "$1"); then
        want "$1" "$2" "$now"
    else
        finding info "$1" "$2" "there is no such setting any more"
    fi
}
each_noted sysctl probe_sysctl

probe_module() {
    [ ! -d "$ROOT/sys/module/$1" ] || finding info "module $1" "not loaded, as before" "loaded; gone with the next boot"
}
each_noted module probe_module

probe_swap() {
    path=$(swap_path "$1")
    if swap_on "$1"; then
        finding ok "swap on $path" "in use" "in use"
    elif [ -e "$ROOT$path" ]; then
        finding differs "swap on $path" "in use" "not in use"
    else
        finding info "swap on $path" "in use" "it does not exist any more, or comes with the next boot"
    fi
}
probe_mask() {
    is_swap_unit "$1" || return 0
    case $2 in
        masked*) ;;
        *)
            case $(unit_enabled "$1" | head -n 1) in
                masked*) finding differs "$1" "not masked" masked ;;
            esac
            ;;
    esac
}
each_noted unit probe_mask
if ! fstab_is_theirs; then
    finding differs "/etc/fstab" "without haui's comments" "its swap lines are comments of haui's"
fi
each_noted swap probe_swap

[ "$(noted selinux mode)" != enforcing ] || [ "$(selinux_mode)" = disabled ] || want "SELinux" enforcing "$(selinux_mode)"
probe_boolean() {
    now=$(selinux_boolean "$1")
    [ -z "$now" ] || want "SELinux boolean $1" "$2" "$now"
}
[ "$(selinux_mode)" = disabled ] || each_noted selinux-boolean probe_boolean
probe_port() {
    want "SELinux type of port $1" "${2:-as the policy has it}" "$(now=$(selinux_port_of "$1") && printf '%s' "${now:-as the policy has it}")"
}
probe_type() {
    want "SELinux type of $1" "${2:-as the policy has it}" "$(now=$(selinux_type_of "$1") && printf '%s' "${now:-as the policy has it}")"
}
if [ "$(selinux_mode)" != disabled ] && have semanage; then
    each_noted selinux-port probe_port
    each_noted selinux-type probe_type
fi
finding ok "settings of the system" "those that were noted" "looked at"
exit 0

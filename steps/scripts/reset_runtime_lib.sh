# shellcheck shell=sh
# haui: include reset_lib
# containerd, where haui has installed it.

# own_containerd: whether there was none before.
own_containerd() {
    noted unit containerd >/dev/null || return 1
    case $(unit_was containerd enabled) in
        not-found | '') was_absent /var/lib/containerd || [ -n "$(noted package containerd)$(noted package containerd.io)" ] ;;
        *) return 1 ;;
    esac
}

# shims: the processes that hold containers.
shims() {
    for comm in "$ROOT"/proc/[0-9]*/comm; do
        read -r name <"$comm" 2>/dev/null || continue
        case $name in
            containerd-shim*)
                pid=${comm%/comm}
                echo "${pid##*/}"
                ;;
        esac
    done
}

# containerd_data: what is in its folders.
containerd_data() {
    for folder in /var/lib/containerd /run/containerd /opt/containerd; do
        [ ! -d "$ROOT$folder" ] || find "$ROOT$folder" -mindepth 1 -maxdepth 1
    done
}

# shellcheck shell=sh
# The images that this host needs before kubeadm runs. kubeadm itself says which; nothing is hard-coded.

# wanted_images: one reference a line, those of HAUI_IMAGES (names) and the runtime's pause image.
wanted_images() {
    haui_listed=$(kubeadm config images list --config "$HAUI_INPUTS/kubeadm.yaml" 2>/dev/null) || return 1
    {
        for haui_image in $haui_listed; do
            haui_name=${haui_image##*/}
            case " $HAUI_IMAGES " in
                *" ${haui_name%%[:@]*} "*) echo "$haui_image" ;;
            esac
        done
        echo "$HAUI_PAUSE_IMAGE"
    } | awk '!seen[$0]++'
}

# image_here REFERENCE
image_here() {
    timeout 30 crictl inspecti "$1" >/dev/null 2>&1
}

# shellcheck shell=sh
# The images that this host needs before kubeadm runs. kubeadm itself says which of its own.

# wanted_images: one reference a line, those of HAUI_IMAGES (names), the runtime's pause image, and HAUI_OTHER_IMAGES
# (references), which kubeadm knows nothing of.
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
        for haui_image in ${HAUI_OTHER_IMAGES:-}; do
            echo "$haui_image"
        done
    } | awk '!seen[$0]++'
}

# image_here REFERENCE
image_here() {
    timeout 30 crictl inspecti "$1" >/dev/null 2>&1
}

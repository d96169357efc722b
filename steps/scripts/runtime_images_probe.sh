# shellcheck shell=sh
# haui: include images_lib
# Are the images here?

if ! images=$(wanted_images); then
    finding differs "list of images" "from kubeadm" "kubeadm does not give it"
    exit 0
fi
for image in $images; do
    if image_here "$image"; then
        finding ok "image $image" here here
    else
        finding differs "image $image" here absent
    fi
done
exit 0

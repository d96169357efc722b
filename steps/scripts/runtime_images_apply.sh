# shellcheck shell=sh
# haui: include images_lib
# Pulls what is missing, one after the other, so that a refused or absent image is found now and by name.
set -eu

images=$(wanted_images) || die "kubeadm gives no list of images" \
    "run by hand: kubeadm config images list; the advanced.kubeadm.ClusterConfiguration may be wrong"
for image in $images; do
    if image_here "$image"; then
        echo "here:   $image"
        continue
    fi
    echo "pull:   $image"
    crictl pull "$image" || die "the image $image can't be pulled" \
        "check supply.images (repository, registries, ca, username) and that the registry has it"
done

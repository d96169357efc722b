# shellcheck shell=sh
# haui: include network_cni_lib
# Applies the pod network's manifest and waits until it runs here.

admin apply --server-side --force-conflicts -f "$HAUI_INPUTS/cni.yaml" || die "the pod network's manifest can't be applied"

if ! retry 600 begun; then
    told_why
    die "the pod network does not start${TOLD:+: $TOLD}" \
        "see the pods' events above: mostly an image that can't be pulled; then run this step again"
fi
admin -n kube-system delete configmap haui-cni --ignore-not-found >/dev/null
admin -n kube-system create configmap haui-cni --from-literal "sha256=$HAUI_CNI_SHA256" ||
    die "the applied manifest can't be noted"

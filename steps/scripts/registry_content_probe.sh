# shellcheck shell=sh
# haui: include registry_lib
# Has the registry every image that the nodes will ask it for? The input `wanted` has lines `REFERENCE REPOSITORY TAG
# HOW`, HOW being sure, or guess for those of which kubeadm itself will say which one it is, or optional.

while read -r reference repository tag how; do
    digest=$(registry_manifest "$repository" "$tag" </dev/null)
    if [ -n "$digest" ]; then
        finding ok "image $reference" "in the registry" "$digest"
    elif [ "$how" = sure ]; then
        finding blocked "the registry has no $reference" \
            "Push what is missing under these names, or put it into registry.archive (haui bundle list tells all that is needed). Then run haui resume." \
            "no $HAUI_NAME/$repository:$tag"
    else
        finding info "image $reference" "in the registry" "absent ($how)"
    fi
done <"$HAUI_INPUTS/wanted"
finding info "images that the nodes will ask for" "in the registry" "looked at"
exit 0

# shellcheck shell=sh
# haui: include kubernetes_lib
# Takes back what control_plane_supply minted for HAUI_HOST. Whatever can't be reached now dies by
# itself: the token after half an hour, the certificates after two hours.

working_control_plane
delete_tokens "haui join $HAUI_HOST"
[ "$HAUI_KIND" = control-plane ] || exit 0

uploaded_for=$(admin -n kube-system get secret kubeadm-certs --ignore-not-found \
    -o 'jsonpath={.metadata.annotations.haui/join}')
if [ "$uploaded_for" = "$HAUI_HOST" ]; then
    owner=$(admin -n kube-system get secret kubeadm-certs --ignore-not-found \
        -o 'jsonpath={.metadata.ownerReferences[0].name}')
    admin -n kube-system delete secret kubeadm-certs --ignore-not-found
    case $owner in
        bootstrap-token-*) admin -n kube-system delete secret "$owner" --ignore-not-found ;;
    esac
fi

# shellcheck shell=sh
# haui: include control_plane_supply_lib
# Takes back what control_plane_supply minted for HAUI_HOST. Whatever can't be reached now dies by
# itself: the token after half an hour, the certificates after two hours.

working_control_plane
alone
delete_tokens "haui join $HAUI_HOST"
[ "$HAUI_KIND" = control-plane ] || exit 0

uploaded_for=$(admin -n kube-system get secret kubeadm-certs --ignore-not-found \
    -o 'jsonpath={.metadata.annotations.haui/join}')
[ "$uploaded_for" != "$HAUI_HOST" ] || take_back_certificates

# shellcheck shell=sh
# haui: include kubernetes_lib
# Takes the Node of HAUI_HOST out of the cluster, which goes on without it; runs on a control plane.
# Prints what is left of it.

working_control_plane
admin delete node "$HAUI_HOST" --ignore-not-found >&2 || die "the Node $HAUI_HOST can't be deleted"
left=$(admin get node "$HAUI_HOST" --ignore-not-found -o name) || die "$NODE does not say whether $HAUI_HOST is a Node"
printf 'node=%s\n' "${left:-absent}"

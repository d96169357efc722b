# shellcheck shell=sh
# haui: include control_plane_refresh_lib
# Ends the API server of this host; the kubelet starts it again at once, and every client that watches
# through it begins a new watch.

renewed() {
    local_ready && later "$(api_started)" "$second"
}

second=$(second_joined)
if [ -z "$second" ] || renewed; then
    exit 0
fi
container=$(admin -n kube-system get pod "kube-apiserver-$HAUI_HOST" \
    -o 'jsonpath={.status.containerStatuses[0].containerID}' 2>/dev/null)
case $container in
    containerd://*[!0-9a-f]* | containerd://) die "the API server's container is not known: $container" ;;
    containerd://*) ;;
    *) die "the API server's container is not known: ${container:-no answer}" ;;
esac
ctr -n k8s.io tasks kill -s SIGTERM "${container#containerd://}" || die "the API server can't be ended"
# It would wait up to a minute for watches to end by themselves, and those are what is to be ended.
sleep 5
ctr -n k8s.io tasks kill -s SIGKILL "${container#containerd://}" 2>/dev/null || true
echo "ended the API server of this host; the kubelet starts it again"
retry 180 renewed || {
    diagnose
    die "the API server of this host does not come back"
}
retry 60 endpoint_ready || die "nothing answers at the endpoint $HAUI_ENDPOINT"

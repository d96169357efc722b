# shellcheck shell=sh
# The routes of the pod network whose pods are bridged.

case $HAUI_PODS in
    *:*) FAMILY=-6 ;;
    *) FAMILY=-4 ;;
esac

# stale_routes: the ways into the pod network, NETWORK ADDRESS a line, that are none of HAUI_ROUTES (cidr=address …): to
# nodes that have left, or came back with other pods.
stale_routes() {
    ip "$FAMILY" route show root "$HAUI_PODS" 2>/dev/null | sed -n 's/^\([^ ]*\) via \([^ ]*\) .*/\1 \2/p' |
        while read -r stale_network stale_address; do
            case " ${HAUI_ROUTES:-} " in
                *" $stale_network=$stale_address "*) ;;
                *) echo "$stale_network $stale_address" ;;
            esac
        done
}

# shellcheck shell=sh
# haui: include interface_lib
# Could this balancer hold the virtual address right now? Asks what keepalived asks, and the API at the address itself.

want "$HAUI_PROXY of $HAUI_HOST" active "$(unit_active "$HAUI_PROXY")"
want "keepalived of $HAUI_HOST" active "$(unit_active keepalived)"
if wait_until 15 "${HAUI_ROOT:-}$HAUI_CHECK" >/dev/null 2>&1; then
    finding ok "API server behind $HAUI_PROXY of $HAUI_HOST" "one is up" "one is up"
else
    finding differs "API server behind $HAUI_PROXY of $HAUI_HOST" "one is up" "keepalived's check fails: $HAUI_CHECK"
fi

# answers: 401 is an answer too, of an API server that tells strangers nothing.
answers() {
    case $HAUI_VIP in
        *:*) url="https://[$HAUI_VIP]:$HAUI_PORT/readyz" ;;
        *) url="https://$HAUI_VIP:$HAUI_PORT/readyz" ;;
    esac
    code=$(curl -sk --noproxy '*' --max-time 4 -o /dev/null -w '%{http_code}' "$url")
    [ "$code" = 200 ] || [ "$code" = 401 ]
}
if wait_until 15 answers; then
    finding ok "API at $HAUI_VIP from $HAUI_HOST" ok ok
else
    finding differs "API at $HAUI_VIP from $HAUI_HOST" ok "no answer (HTTP ${code:-none})"
fi
held=$(interface_of "$HAUI_VIP")
finding info "virtual address $HAUI_VIP" "on one balancer" "${held:+on $held of $HAUI_HOST}"

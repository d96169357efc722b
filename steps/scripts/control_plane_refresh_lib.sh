# shellcheck shell=sh
# haui: include kubernetes_lib
# When was this host's API server started, and when did the second control plane come?

# api_started: UTC, ISO 8601, which sorts as text.
api_started() {
    admin -n kube-system get pod "kube-apiserver-$HAUI_HOST" \
        -o 'jsonpath={.status.containerStatuses[0].state.running.startedAt}' 2>/dev/null
}

# second_joined: when the first of the other control planes became a Node; nothing while there is none.
second_joined() {
    admin get nodes -l node-role.kubernetes.io/control-plane --field-selector "metadata.name!=$HAUI_HOST" \
        -o 'jsonpath={range .items[*]}{.metadata.creationTimestamp}{"\n"}{end}' 2>/dev/null | sort | head -n 1
}

# later A B: is A after B?
later() {
    [ -n "$1" ] && [ "$1" != "$2" ] && [ "$(printf '%s\n%s\n' "$1" "$2" | sort | tail -n 1)" = "$1" ]
}

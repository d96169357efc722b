# shellcheck shell=sh
# haui: include control_plane_refresh_lib
# Was the API server of the first control plane started anew since etcd grew from one member to two?

second=$(second_joined)
started=$(api_started)
if [ -z "$second" ]; then
    finding info "API server's start" "" "no other control plane yet"
elif later "$started" "$second"; then
    finding ok "API server's start" "after $second" "$started"
else
    finding differs "API server's start" "after $second" "${started:-unknown}"
fi

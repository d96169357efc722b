# shellcheck shell=sh
# haui: include registry_lib
# Has this host the CA that signs for the registries, with its key? Unlike etcd's it can be made anew, as nothing outlives it.

if ! have openssl; then
    finding differs "CA of the registry" present "no openssl yet"
    exit 0
fi
if [ ! -s "$REGISTRY_CA_KEY" ] && [ -s "$REGISTRY_CA" ]; then
    finding blocked "key of the registry's CA" \
        "put the host that has $REGISTRY_CA_KEY first among the cluster file's hosts with the role registry, or remove $REGISTRY_CA here to begin with a new CA" \
        "the certificate is here and the key is not"
    exit 0
fi
if [ ! -s "$REGISTRY_CA" ]; then
    finding differs "CA of the registry" present absent
    exit 0
fi
if ! same_key "$REGISTRY_CA" "$REGISTRY_CA_KEY"; then
    finding blocked "CA of the registry" "put $REGISTRY_CA and ca.key back from the same copy" "the key is another one's"
elif certificate_expires "$REGISTRY_CA" "$HAUI_RENEW_DAYS"; then
    finding blocked "CA of the registry" \
        "remove $REGISTRY_CA and ca.key on this host, then run haui apply: it makes a new CA and places it on all nodes" \
        "fewer than $HAUI_RENEW_DAYS days left"
else
    finding ok "CA of the registry" present "$(openssl x509 -noout -enddate -in "$REGISTRY_CA")"
fi
want_private "$REGISTRY_CA_KEY" "key of the registry's CA"
exit 0

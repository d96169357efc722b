# shellcheck shell=sh
# haui: include etcd_pki_lib
# Has this host the CA that signs for etcd, with its key?

ca=$ETCD_PKI/ca.crt
key=$ETCD_PKI/ca.key
if ! have openssl; then
    finding differs "etcd CA" present "no openssl yet"
    exit 0
fi
if [ ! -s "$key" ] && { [ -s "$ca" ] || etcd_has_data; }; then
    finding blocked "key of the etcd CA" \
        "put the host that has /etc/etcd/pki/ca.key first among the cluster file's hosts with the role etcd, or put the key back from its copy" \
        "this host is of an etcd whose CA is elsewhere"
    exit 0
fi
if [ ! -s "$ca" ]; then
    finding differs "etcd CA" present absent
    exit 0
fi
if ! same_key "$ca" "$key"; then
    finding blocked "etcd CA" "put /etc/etcd/pki/ca.crt and ca.key back from the same copy" "the key is another one's"
elif certificate_expires "$ca" 0; then
    finding blocked "etcd CA" "replace etcd's CA by hand, on all members and API servers; haui does not" "expired"
elif certificate_expires "$ca" "$HAUI_RENEW_DAYS"; then
    finding info "etcd CA" "more than $HAUI_RENEW_DAYS days left" "$(openssl x509 -noout -enddate -in "$ca")"
else
    finding ok "etcd CA" present "$(openssl x509 -noout -enddate -in "$ca")"
fi
want_private "$key" "key of the etcd CA"
exit 0

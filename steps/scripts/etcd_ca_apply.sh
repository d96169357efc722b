# shellcheck shell=sh
# haui: include osfamily_lib etcd_pki_lib
# Makes etcd's CA. The key comes first: killed in between, the same key gets its certificate next time.
set -eu

if ! have openssl; then
    package install openssl || die "openssl can't be installed" \
        "look at the package sources of this host; '$(package by_hand openssl)' must work by hand"
fi
ca=$ETCD_PKI/ca.crt
key=$ETCD_PKI/ca.key
note_folder "$ETCD_PKI"
mkdir -p "$ETCD_PKI"
umask 077
if [ ! -s "$key" ]; then
    openssl genrsa -out "$key.haui-new" 2048 2>/dev/null || die "openssl makes no key"
    put_file "$key.haui-new" "$key"
    echo "made the key of etcd's CA"
fi
chmod 0600 "$key"
if [ ! -s "$ca" ]; then
    openssl req -x509 -new -sha256 -key "$key" -days "$HAUI_DAYS" -config "$HAUI_INPUTS/ca.cnf" -out "$ca.haui-new" ||
        die "openssl makes no certificate"
    chmod 0644 "$ca.haui-new"
    put_file "$ca.haui-new" "$ca"
    echo "made the certificate of etcd's CA"
fi

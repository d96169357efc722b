# shellcheck shell=sh
# haui: include osfamily_lib registry_lib
# Makes the registry's CA. The key comes first: killed in between, the same key gets its certificate next time.
set -eu

if ! have openssl; then
    package install openssl || die "openssl can't be installed" \
        "look at the package sources of this host; installing openssl must work by hand"
fi
mkdir -p "$REGISTRY"
chmod 0755 "$REGISTRY"
umask 077
if [ ! -s "$REGISTRY_CA_KEY" ]; then
    openssl genrsa -out "$REGISTRY_CA_KEY.haui-new" 2048 2>/dev/null || die "openssl makes no key"
    sync "$REGISTRY_CA_KEY.haui-new"
    mv "$REGISTRY_CA_KEY.haui-new" "$REGISTRY_CA_KEY"
    echo "made the key of the registry's CA"
fi
chmod 0600 "$REGISTRY_CA_KEY"
if [ ! -s "$REGISTRY_CA" ]; then
    openssl req -x509 -new -sha256 -key "$REGISTRY_CA_KEY" -days "$HAUI_DAYS" -config "$HAUI_INPUTS/ca.cnf" \
        -out "$REGISTRY_CA.haui-new" || die "openssl makes no certificate"
    chmod 0644 "$REGISTRY_CA.haui-new"
    sync "$REGISTRY_CA.haui-new"
    mv "$REGISTRY_CA.haui-new" "$REGISTRY_CA"
    echo "made the certificate of the registry's CA"
fi

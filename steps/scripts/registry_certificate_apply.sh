# shellcheck shell=sh
# haui: include osfamily_lib registry_certificate_lib
# Places the certificate and its key. The service's account is given the key when the service is set up.
set -eu

if ! have openssl; then
    package install openssl || die "openssl can't be installed" \
        "look at the package sources of this host; installing openssl must work by hand"
fi
mkdir -p "$REGISTRY"
umask 077
for part in key crt; do
    cat "$HAUI_INPUTS/server.$part" >"$REGISTRY/server.$part.haui-new"
    [ "$part" = key ] || chmod 0644 "$REGISTRY/server.$part.haui-new"
    sync "$REGISTRY/server.$part.haui-new"
done
mv "$REGISTRY/server.key.haui-new" "$REGISTRY/server.key"
mv "$REGISTRY/server.crt.haui-new" "$REGISTRY/server.crt"
echo "placed the registry's certificate"

# shellcheck shell=sh
# haui: include registry_lib
# Run on the host with the registry's CA: a key and a certificate for the registry on HAUI_HOST. They are made in tmpfs,
# printed as values, and kept nowhere here.
set -eu

[ -s "$REGISTRY_CA_KEY" ] && [ -s "$REGISTRY_CA" ] ||
    die "this host has no CA of the registry" "run haui resume; the step registry.ca makes it"
cd "$HAUI_INPUTS"
openssl genrsa -out server.key 2048 2>/dev/null
openssl req -new -sha256 -key server.key -config server.cnf -out server.csr
openssl x509 -req -sha256 -in server.csr -CA "$REGISTRY_CA" -CAkey "$REGISTRY_CA_KEY" \
    -set_serial "0x$(openssl rand -hex 16)" -days "$HAUI_DAYS" -extfile server.cnf -extensions extensions \
    -out server.crt 2>/dev/null || die "the registry's certificate for $HAUI_HOST can't be signed"
printf 'registry_crt=%s\nregistry_key=%s\n' "$(base64 -w 0 <server.crt)" "$(base64 -w 0 <server.key)"

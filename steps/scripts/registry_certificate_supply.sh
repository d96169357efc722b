# shellcheck shell=sh
# haui: include registry_lib
# Run on the host with the registry's CA: a key and a certificate for the registry on HAUI_HOST. They are made in tmpfs,
# printed as values, and kept nowhere here.
set -eu

[ -s "$REGISTRY_CA_KEY" ] && [ -s "$REGISTRY_CA" ] ||
    die "this host has no CA of the registry" "run haui resume; the step registry.ca makes it"
cd "$HAUI_INPUTS"
issue server "$REGISTRY_CA" "$REGISTRY_CA_KEY" || die "the registry's certificate for $HAUI_HOST can't be signed"
printf 'registry_crt=%s\nregistry_key=%s\n' "$(base64 -w 0 <server.crt)" "$(base64 -w 0 <server.key)"

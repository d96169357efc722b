# shellcheck shell=sh
# haui: include registry_lib
# Run on the host with the registry's CA: its certificate, which everybody may know.

[ -s "$REGISTRY_CA" ] || die "this host has no CA of the registry yet" "run haui resume; the step registry.ca makes it"
printf 'registry_ca=%s\n' "$(base64 -w 0 <"$REGISTRY_CA")"

# shellcheck shell=sh
# haui: include osfamily_lib registry_lib
# Makes the registry's CA.
set -eu

need_openssl
mkdir -p "$REGISTRY"
chmod 0755 "$REGISTRY"
make_ca "$REGISTRY_CA" "$REGISTRY_CA_KEY" "the registry's"

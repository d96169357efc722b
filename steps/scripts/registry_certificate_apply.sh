# shellcheck shell=sh
# haui: include osfamily_lib registry_certificate_lib
# Places the certificate and its key. The service's account is given the key when the service is set up.
set -eu

need_openssl
mkdir -p "$REGISTRY"
place_pair server "$REGISTRY" "$(id -u)"
echo "placed the registry's certificate"

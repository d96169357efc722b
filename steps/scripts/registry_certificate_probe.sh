# shellcheck shell=sh
# haui: include registry_certificate_lib
# Is the registry's certificate here, of its key, of the CA, for the right names, and valid long enough?

if ! have openssl; then
    finding differs "certificate of the registry" valid "no openssl yet"
    exit 0
fi
fault=$(server_fault)
if [ -z "$fault" ]; then
    finding ok "certificate of the registry" valid "$(openssl x509 -noout -enddate -in "$REGISTRY/server.crt")"
else
    finding differs "certificate of the registry" valid "$fault"
fi
exit 0

# shellcheck shell=sh
# haui: include etcd_lib
# Run on the host with etcd's CA: keys and certificates for HAUI_HOST, one for each NAME.cnf of the inputs. They are
# made in tmpfs, printed as values, and kept nowhere here.
set -eu

[ -s "$ETCD_PKI/ca.key" ] && [ -s "$ETCD_PKI/ca.crt" ] ||
    die "this host has no CA of etcd" "run haui resume; the step etcd.ca makes it"
cd "$HAUI_INPUTS"
for config in *.cnf; do
    name=${config%.cnf}
    openssl genrsa -out "$name.key" 2048 2>/dev/null
    openssl req -new -sha256 -key "$name.key" -config "$config" -out "$name.csr"
    openssl x509 -req -sha256 -in "$name.csr" -CA "$ETCD_PKI/ca.crt" -CAkey "$ETCD_PKI/ca.key" \
        -set_serial "0x$(openssl rand -hex 16)" -days "$HAUI_DAYS" -extfile "$config" -extensions extensions \
        -out "$name.crt" 2>/dev/null || die "the certificate $name of $HAUI_HOST can't be signed"
    printf '%s_crt=%s\n%s_key=%s\n' "$name" "$(base64 -w 0 <"$name.crt")" "$name" "$(base64 -w 0 <"$name.key")"
done

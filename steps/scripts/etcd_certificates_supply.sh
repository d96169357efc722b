# shellcheck shell=sh
# haui: include etcd_pki_lib
# Run on the host with etcd's CA: keys and certificates for HAUI_HOST, one for each NAME.cnf of the inputs. They are
# made in tmpfs, printed as values, and kept nowhere here.
set -eu

[ -s "$ETCD_PKI/ca.key" ] && [ -s "$ETCD_PKI/ca.crt" ] ||
    die "this host has no CA of etcd" "run haui resume; the step etcd.ca makes it"
cd "$HAUI_INPUTS"
for config in *.cnf; do
    name=${config%.cnf}
    issue "$name" "$ETCD_PKI/ca.crt" "$ETCD_PKI/ca.key" || die "the certificate $name of $HAUI_HOST can't be signed"
    printf '%s_crt=%s\n%s_key=%s\n' "$name" "$(base64 -w 0 <"$name.crt")" "$name" "$(base64 -w 0 <"$name.key")"
done

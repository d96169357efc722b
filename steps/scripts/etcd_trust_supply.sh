# shellcheck shell=sh
# haui: include etcd_lib
# Run on the host with etcd's CA: its certificate, which everybody may know.

[ -s "$ETCD_PKI/ca.crt" ] || die "this host has no CA of etcd yet" "run haui resume; the step etcd.ca makes it"
printf 'ca_crt=%s\n' "$(base64 -w 0 <"$ETCD_PKI/ca.crt")"

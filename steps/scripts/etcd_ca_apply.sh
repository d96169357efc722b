# shellcheck shell=sh
# haui: include osfamily_lib etcd_pki_lib
# Makes etcd's CA.
set -eu

need_openssl
note_folder "$ETCD_PKI"
mkdir -p "$ETCD_PKI"
make_ca "$ETCD_PKI/ca.crt" "$ETCD_PKI/ca.key" "etcd's"

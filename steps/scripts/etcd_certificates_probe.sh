# shellcheck shell=sh
# haui: include etcd_pki_lib
# Is each certificate here, of its key, of etcd's CA, for the right names and purposes, and valid long enough?

if ! have openssl; then
    finding differs "certificates for etcd" present "no openssl yet"
    exit 0
fi
for name in $HAUI_CERTIFICATES; do
    fault=$(certificate_fault "$name")
    if [ -z "$fault" ]; then
        finding ok "certificate $name" valid "$(openssl x509 -noout -enddate -in "$(certificate_folder)/$name.crt")"
    else
        finding differs "certificate $name" valid "$fault"
    fi
done

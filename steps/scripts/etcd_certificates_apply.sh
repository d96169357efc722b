# shellcheck shell=sh
# haui: include osfamily_lib etcd_pki_lib
# Places the certificates that are missing or wrong; the others stay.
set -eu

need_openssl
folder=$(certificate_folder)
owner=$(certificate_owner)
note_folder "$folder"
mkdir -p "$folder"
for name in $HAUI_CERTIFICATES; do
    fault=$(certificate_fault "$name")
    [ -n "$fault" ] || continue
    place_pair "$name" "$folder" "$owner"
    echo "placed the certificate $name ($fault)"
done

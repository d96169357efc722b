# shellcheck shell=sh
# haui: include osfamily_lib etcd_pki_lib
# Places the certificates that are missing or wrong; the others stay.
set -eu

if ! have openssl; then
    package install openssl || die "openssl can't be installed" \
        "look at the package sources of this host; '$(package by_hand openssl)' must work by hand"
fi
folder=$(certificate_folder)
owner=$(certificate_owner)
note_folder "$folder"
mkdir -p "$folder"
umask 077
for name in $HAUI_CERTIFICATES; do
    fault=$(certificate_fault "$name")
    [ -n "$fault" ] || continue
    for part in key crt; do
        cat "$HAUI_INPUTS/$name.$part" >"$folder/$name.$part.haui-new"
        chown "$owner" "$folder/$name.$part.haui-new"
        [ "$part" = key ] || chmod 0644 "$folder/$name.$part.haui-new"
    done
    put_file "$folder/$name.key.haui-new" "$folder/$name.key"
    put_file "$folder/$name.crt.haui-new" "$folder/$name.crt"
    echo "placed the certificate $name ($fault)"
done

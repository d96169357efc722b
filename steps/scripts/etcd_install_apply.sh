# shellcheck shell=sh
# haui: include etcd_lib
# Takes the programs etcd and etcdctl out of the image that kubeadm names. containerd's own client pulls it, from the
# registries and with the login that containerd has.
set -eu

release=${HAUI_IMAGE##*/}
if etcd_has_data && [ -s "$ETCD_RECORD" ] && [ "$(head -n 1 "$ETCD_RECORD")" != "$release" ]; then
    die "this member has data of $(head -n 1 "$ETCD_RECORD"); upgrades of etcd are not done here"
fi
note_unit etcd
note_folder "${HAUI_ROOT:-}/etc/etcd"
note_folder "$ETCD_DATA"
if ! id etcd >/dev/null 2>&1; then
    note_before user etcd absent
    useradd --system --user-group --home-dir /var/lib/etcd --no-create-home --shell /usr/sbin/nologin etcd
fi
mkdir -p "$ETCD_DATA"
chown etcd:etcd "$ETCD_DATA"
chmod 0700 "$ETCD_DATA"

if [ -s "$ETCD_RECORD" ] && [ "$(head -n 1 "$ETCD_RECORD")" = "$release" ] &&
    sed 1d "$ETCD_RECORD" | sha256sum --status -c 2>/dev/null; then
    exit 0
fi
if [ -n "${HAUI_NO_PROXY:-}" ]; then
    HTTP_PROXY=${HAUI_HTTP_PROXY:-} HTTPS_PROXY=${HAUI_HTTPS_PROXY:-} NO_PROXY=$HAUI_NO_PROXY
    export HTTP_PROXY HTTPS_PROXY NO_PROXY
fi
echo "pull:   $HAUI_IMAGE"
# Its progress is drawn over and over; only what goes wrong is of interest.
timeout 900 ctr -n haui images pull --hosts-dir "${HAUI_ROOT:-}/etc/containerd/certs.d" "$HAUI_IMAGE" >/dev/null ||
    die "the image $HAUI_IMAGE can't be pulled" \
        "check supply.images (repository, registries, ca, username) and that the registry has it"

folder=${HAUI_ROOT:-}/run/haui/etcd-image
close_image() {
    ctr -n haui images unmount --rm "$folder" >/dev/null 2>&1 || :
    rmdir "$folder" 2>/dev/null || :
}
close_image # an attempt that was killed has left it open
trap close_image EXIT
mkdir -p "$folder"
ctr -n haui images mount "$HAUI_IMAGE" "$folder" >/dev/null || die "the image $HAUI_IMAGE can't be opened"
mkdir -p "$ETCD_PROGRAMS" "${ETCD_RECORD%/*}"
for program in etcd etcdctl; do
    found=
    for place in usr/local/bin usr/bin bin; do
        if [ -f "$folder/$place/$program" ]; then
            found=$folder/$place/$program
            break
        fi
    done
    [ -n "$found" ] || die "the image $HAUI_IMAGE holds no $program"
    cp "$found" "$ETCD_PROGRAMS/$program.haui-new"
    chmod 0755 "$ETCD_PROGRAMS/$program.haui-new"
done
"$ETCD_PROGRAMS/etcd.haui-new" --version || die "the etcd of $HAUI_IMAGE does not run on this host"
for program in etcd etcdctl; do
    put_file "$ETCD_PROGRAMS/$program.haui-new" "$ETCD_PROGRAMS/$program"
done
{
    echo "$release"
    sha256sum "$ETCD_PROGRAMS/etcd" "$ETCD_PROGRAMS/etcdctl"
} >"$ETCD_RECORD.haui-new"
move_file "$ETCD_RECORD.haui-new" "$ETCD_RECORD"
close_image
ctr -n haui images rm "$HAUI_IMAGE" >/dev/null 2>&1 || :

# shellcheck shell=sh
# haui: include reset_lib
# Stops the member of this host. Its data goes only when the admin has agreed to that.
set -eu

noted unit etcd >/dev/null || exit 0
retire etcd
if have ctr; then
    # What a pull that was killed has left.
    for image in $(timeout 20 ctr -n haui images ls -q 2>/dev/null); do
        ctr -n haui images rm "$image" >/dev/null 2>&1 || :
    done
    ctr namespaces rm haui >/dev/null 2>&1 || :
fi
if removes_data; then
    rm -rf "$ROOT/var/lib/etcd/member"
fi
if [ ! -e "$ROOT/var/lib/etcd/member" ]; then
    drop_user etcd
    drop_folder /var/lib/etcd
fi

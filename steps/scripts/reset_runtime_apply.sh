# shellcheck shell=sh
# shellcheck disable=SC2317,SC2329  # functions that are called by their names
# haui: include reset_runtime_lib
# Stops the containerd that haui has installed, with all containers, and takes away its data. One that was there before
# is left alone.
set -u

own_containerd || exit 0
retire containerd
no_shims() {
    [ -z "$(shims)" ]
}
for pid in $(shims); do
    kill -KILL "$pid" 2>/dev/null
done
wait_until 20 no_shims || die "processes that hold containers do not end: $(oneline "$(shims)")" "end them, then try again"
for folder in /run/containerd /var/lib/containerd; do
    unmount_below "$folder"
done
containerd_data | while IFS= read -r left; do
    remove_tree "$left"
done
if mode=$(noted mode /var/lib/containerd) && [ -d "$ROOT/var/lib/containerd" ]; then
    chmod "$mode" "$ROOT/var/lib/containerd"
fi
is_mounted /run/containerd || rmdir "$ROOT/run/containerd" 2>/dev/null
drop_folder /var/lib/containerd
drop_folder /opt/containerd
exit 0

# shellcheck shell=sh
# haui: include reset_record_lib
# The last call to a host: when nothing is left but the folders of resets, and none of their tasks runs, these go as well.
set -u

[ -z "$(own_remains)" ] || exit 0
if [ -d "$STATE" ]; then
    exec 9>"$STATE/lock"
    flock -w 20 -x 9 || exit 0
    for claim in "$STATE"/*/*.*; do
        [ ! -e "$claim/live" ] || flock -n -s "$claim/live" true || exit 0
    done
    rm -rf "$STATE"
fi
rm -rf "$ROOT/run/haui"
exit 0

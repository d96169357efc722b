# shellcheck shell=sh
# haui: include reset_record_lib
# The last call to a host: when nothing is left but the folders of resets, and none of their tasks runs, these go as well.
set -u

[ -z "$(own_remains)" ] || exit 0
if [ -d "$HAUI_STATE" ]; then
    exec 9>"$HAUI_STATE/lock"
    flock -w 20 -x 9 || exit 0
    for claim in "$HAUI_STATE"/*/*.*; do
        [ ! -e "$claim/live" ] || flock -n -s "$claim/live" true || exit 0
    done
    rm -rf "$HAUI_STATE"
fi
rm -rf "$ROOT/run/haui"
exit 0

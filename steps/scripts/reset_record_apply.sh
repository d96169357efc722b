# shellcheck shell=sh
# haui: include reset_record_lib
# Takes away the record and everything else of haui's. The record goes last: as long as it is there, all before can be done
# again. It goes in one move: by a part of it, somebody's file could be taken for one of haui's. This task's own folder has to stay until its end is known; the last call takes it away.
set -u

own_remains | grep -vxF "$HAUI_BEFORE" | while IFS= read -r left; do
    rm -rf "$left"
done
[ ! -e "$HAUI_BEFORE" ] || { mv -T "$HAUI_BEFORE" "$HAUI_BEFORE.gone" && sync "$HAUI_STATE" && rm -rf "$HAUI_BEFORE.gone"; }
exit 0

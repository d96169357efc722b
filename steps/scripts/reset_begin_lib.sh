# shellcheck shell=sh
# haui: include reset_lib
# Tasks of haui that still run on this host: an install that was left.

# running_tasks: the folders of those that are not this one.
running_tasks() {
    own=${HAUI_CHANGED:-}
    own=${own%/changed}
    for claim in "$HAUI_STATE"/*/*.*; do
        [ -e "$claim/live" ] && [ "$claim" != "$own" ] || continue
        flock -n -s "$claim/live" true || printf '%s\n' "$claim"
    done
}

# shellcheck shell=sh
# haui: include reset_lib
# Tasks of haui that still run on this host: an install that was left.

# running_tasks: their folders. Not those of a reset: one that was continued finds its own task at work, and waits for it.
running_tasks() {
    for claim in "$HAUI_STATE"/*/*.*; do
        case ${claim##*/} in reset.*) continue ;; esac
        [ -e "$claim/live" ] || continue
        flock -n -s "$claim/live" true || printf '%s\n' "$claim"
    done
}

# shellcheck shell=sh
# Puts our file of settings into effect, and only ours.
set -eu
sysctl -p "$HAUI_FILE"

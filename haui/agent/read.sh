#!/bin/sh
# Prints the file HAUI_PATH, at most HAUI_LIMIT bytes. Status 66: no such file, 67: too large.
LC_ALL=C
export LC_ALL
if [ ! -f "$HAUI_PATH" ]; then
    echo "$HAUI_PATH: no such file" >&2
    exit 66
fi
size=$(stat -L -c %s -- "$HAUI_PATH") || exit 1
if [ "$size" -gt "$HAUI_LIMIT" ]; then
    echo "$HAUI_PATH: $size bytes, more than $HAUI_LIMIT" >&2
    exit 67
fi
# The file may grow while it is read: one byte over the limit tells.
head -c "$((HAUI_LIMIT + 1))" -- "$HAUI_PATH"

# shellcheck shell=sh
# The kernel settings as they are now, read from /proc: another file may have the last word over ours.

for setting in $HAUI_SYSCTLS; do
    name=${setting%%=*}
    path=${HAUI_ROOT:-}/proc/sys/$(printf '%s' "$name" | tr . /)
    if [ -r "$path" ]; then
        want "$name" "${setting#*=}" "$(cat "$path")"
    else
        finding differs "$name" "${setting#*=}" "no such setting (is its module loaded?)"
    fi
done
exit 0

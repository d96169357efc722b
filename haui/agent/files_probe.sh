# shellcheck shell=sh
# The generic probe of placed files. Reads $HAUI_INPUTS/manifest.expected: one line a file, tab separated:
# sha256, octal mode, absolute path, and the family of operating systems that it is for (empty: all). Says per file whether content, mode and owner are as planned. No hash is shown:
# some of these files hold a login.

# probe_file SHA256 MODE PATH
probe_file() {
    if [ -L "$3" ] || { [ -e "$3" ] && [ ! -f "$3" ]; }; then
        finding differs "$3" "a plain file" "something else"
        return 0
    fi
    if [ ! -f "$3" ]; then
        finding differs "$3" "present" "absent"
        return 0
    fi
    haui_sum=$(sha256sum <"$3") || haui_sum=unreadable
    if [ "${haui_sum%% *}" = "$1" ]; then
        finding ok "$3" "content as planned" "content as planned"
    else
        finding differs "$3" "content as planned" "other content"
    fi
    want "$3 (mode and owner)" "$(printf '%o' "0$2") 0:0" "$(stat -c '%a %u:%g' -- "$3")"
}

while IFS=$HAUI_TAB read -r haui_sha haui_mode haui_path haui_family; do
    [ -n "$haui_path" ] || continue
    [ -z "$haui_family" ] || [ "$haui_family" = "$(os_family)" ] || continue
    probe_file "$haui_sha" "$haui_mode" "$haui_path"
done <"$HAUI_INPUTS/manifest.expected"

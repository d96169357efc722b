# shellcheck shell=sh
# haui: include reset_lib hosts_lib
# Files that haui has written, and what was there before: $HAUI_BEFORE/kept and absent. What somebody else has written
# since then is theirs.

FSTAB_MARK="# haui: no swap with Kubernetes: "

# recorded kept|absent: the paths, a line each; not those of folders that are haui's as a whole.
recorded() {
    [ ! -d "$HAUI_BEFORE/$1" ] || (cd "$HAUI_BEFORE/$1" && find . ! -type d) | sed 's|^[.]||' | LC_ALL=C sort |
        while IFS= read -r haui_file; do
            ours_alone "$haui_file" || printf '%s\n' "$haui_file"
        done
}

# is_there PATH
is_there() {
    [ -e "$ROOT$1" ] || [ -L "$ROOT$1" ]
}

# wrote_it PATH: whether its content is one that haui has put there.
wrote_it() {
    if [ -L "$ROOT$1" ]; then
        haui_target=$(noted link "$1") && [ "$(readlink "$ROOT$1")" = "$haui_target" ]
        return
    fi
    [ -f "$ROOT$1" ] || return 1
    haui_sum=$(sha256sum <"$ROOT$1") || return 1
    noted wrote "$1 ${haui_sum%% *}" >/dev/null
}

# same_content PATH, as_before PATH: is it as it was kept, and with mode and owner?
same_content() {
    if [ -L "$HAUI_BEFORE/kept$1" ] || [ -L "$ROOT$1" ]; then
        [ "$(readlink "$HAUI_BEFORE/kept$1")" = "$(readlink "$ROOT$1")" ]
    else
        cmp -s "$HAUI_BEFORE/kept$1" "$ROOT$1"
    fi
}
as_before() {
    same_content "$1" && [ "$(stat -c '%a %u:%g' "$HAUI_BEFORE/kept$1")" = "$(stat -c '%a %u:%g' "$ROOT$1")" ]
}

# file_state kept|absent PATH: back (it is as it was), ours (to be taken back) or theirs.
file_state() {
    if [ "$1" = kept ]; then
        if as_before "$2"; then
            echo back
        elif ! is_there "$2" || wrote_it "$2" || same_content "$2"; then
            echo ours
        else
            echo theirs
        fi
    elif ! is_there "$2"; then
        echo back
    # Older versions of haui noted nothing but that there was no file.
    elif wrote_it "$2" || [ ! -d "$HAUI_BEFORE/noted" ]; then
        echo ours
    else
        echo theirs
    fi
}

# give_back kept|absent PATH: what was there before, or nothing.
give_back() {
    if [ "$1" = kept ]; then
        mkdir -p "$ROOT${2%/*}"
        rm -rf "$ROOT$2.haui-new"
        { cp -a "$HAUI_BEFORE/kept$2" "$ROOT$2.haui-new" && move_file "$ROOT$2.haui-new" "$ROOT$2"; } ||
            die "$2 can't be given back" "copy it by hand from $HAUI_BEFORE/kept$2"
    else
        rm -f "$ROOT$2" || die "$2 can't be taken away" "remove it by hand"
    fi
    echo "as before: $2"
}

# strays PATH: what a killed task may have left beside a file.
strays() {
    for haui_stray in "$ROOT$1.haui-new" "$ROOT$1.haui-orig" "$ROOT${1%/*}"/.haui.????????; do
        [ ! -e "$haui_stray" ] || printf '%s\n' "$haui_stray"
    done
}

# Two files that haui has edited, so that others may have edited them as well: then only haui's lines go.
hosts_is_theirs() {
    ! grep -q '^# BEGIN haui$' "$ROOT/etc/hosts" 2>/dev/null
}
fstab_is_theirs() {
    ! grep -qF "$FSTAB_MARK" "$ROOT/etc/fstab" 2>/dev/null
}

# edit_file PATH SED: in one move, mode and owner kept.
edit_file() {
    {
        cp -p "$ROOT$1" "$ROOT$1.haui-new" && sed "$2" "$ROOT$1" >"$ROOT$1.haui-new" && move_file "$ROOT$1.haui-new" "$ROOT$1"
    } ||
        die "$1 can't be written" "take haui's lines out of it by hand"
    echo "without haui's lines: $1"
}

hosts_give_back() {
    hosts_is_theirs || edit_file /etc/hosts "$(hosts_without)"
}
fstab_give_back() {
    if [ "$(file_state kept /etc/fstab)" = ours ] && [ -e "$HAUI_BEFORE/kept/etc/fstab" ]; then
        give_back kept /etc/fstab
    elif ! fstab_is_theirs; then
        edit_file /etc/fstab "s|^$FSTAB_MARK||"
    fi
}

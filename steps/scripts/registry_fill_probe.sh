# shellcheck shell=sh
# haui: include registry_archive_lib
# Has the registry every image of the archive, as it is there?

if ! have jq || ! have curl; then
    finding differs "images of $HAUI_ARCHIVE" "in the registry" "not looked at: jq or curl is absent"
    exit 0
fi
WORK=$(mktemp -d "$HAUI_INPUTS/archive.XXXXXX") || exit 1
trap 'rm -rf "$WORK"' EXIT
archive_open
archive_images >"$WORK/images"
while read -r name what _; do
    if ! name_image "$name"; then
        finding info "image $name of the archive" "a full name" "has none; it is not pushed"
    elif image_pushed "$what"; then
        finding ok "image $name" "in the registry" "$PUSH_REPOSITORY:$PUSH_REFERENCE"
    else
        finding differs "image $name" "in the registry" "absent or another one"
    fi
done <"$WORK/images"
[ -s "$WORK/images" ] ||
    finding blocked "images of $HAUI_ARCHIVE" "make the archive again, with images in it" "there are none"
exit 0

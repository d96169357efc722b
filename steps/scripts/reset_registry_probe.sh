# shellcheck shell=sh
# haui: include reset_lib
# Has the registry been stopped, and what became of its images?

want_retired haui-registry
if ! was_absent "$HAUI_STORAGE" || [ ! -e "$ROOT$HAUI_STORAGE" ]; then
    [ ! -e "$ROOT$HAUI_STORAGE" ] || finding info "images of the registry" "in a folder that was there before" "left in $HAUI_STORAGE"
    want_user haui-registry
elif removes_data; then
    finding differs "images of the registry" gone "in $HAUI_STORAGE"
    want_user haui-registry
else
    finding info "images of the registry" "kept, as nobody has agreed to lose them" "in $HAUI_STORAGE, of the account haui-registry"
fi
exit 0

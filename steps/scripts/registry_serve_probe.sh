# shellcheck shell=sh
# haui: include registry_serve_lib
# Does the registry run as planned, and answer?

if registry_program; then
    finding ok "program of the registry" "$HAUI_PROGRAM" "$HAUI_PROGRAM $(registry_version)"
else
    finding differs "program of the registry" "$HAUI_PROGRAM" "absent or another one"
fi
if login_right; then
    finding ok "login of the registry" "${HAUI_USER:-none}" "${HAUI_USER:-none}"
else
    finding differs "login of the registry" "${HAUI_USER:-none}" "another one, or another password"
fi
want "folder $HAUI_STORAGE" "haui-registry's" "$(owner "${HAUI_ROOT:-}$HAUI_STORAGE")'s"
want haui-registry.service "active enabled" "$(unit_active haui-registry) $(unit_enabled haui-registry)"
# shellcheck disable=SC2046  # a list of files
if loaded haui-registry $(registry_files); then
    finding ok "configuration in use" "the one on disk" "the one on disk"
else
    finding differs "configuration in use" "the one on disk" "placed after the last start"
fi
want "$(registry_origin)/v2/" 200 "$(registry_code /v2/)"
if [ -n "$HAUI_USER" ]; then
    # Whether it asks for the login at all.
    # shellcheck disable=SC2034  # read by registry_lib
    REGISTRY_LOGIN=
    want "without the login" 401 "$(registry_code /v2/)"
fi
exit 0

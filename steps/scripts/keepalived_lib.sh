# shellcheck shell=sh
# shellcheck disable=SC2034  # for the scripts that include this
# haui: include interface_lib
# The one thing about keepalived that can't be rendered beforehand: the interface's name, which may differ per host.

CONFIG=${HAUI_ROOT:-}/etc/keepalived/keepalived.conf
CHECK=${HAUI_ROOT:-}/etc/keepalived/haui-check.sh
INTERFACE=${HAUI_ROOT:-}/etc/keepalived/haui-interface.conf

# keepalived_interface: the asked one, else the one that holds this host's address.
keepalived_interface() {
    if [ -n "$HAUI_INTERFACE" ]; then echo "$HAUI_INTERFACE"; else interface_of "$HAUI_ADDRESS"; fi
}

# interface_text NAME: the content of our include file.
interface_text() {
    # shellcheck disable=SC2016  # a variable of keepalived's
    printf '$HAUI_INTERFACE=%s' "$1"
}

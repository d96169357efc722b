# shellcheck shell=sh
# haui: include osfamily_lib
# Does the package manager know the asked version from our source?

HAUI_KEY_FILE=$(of_family HAUI_KEY_FILE)

if [ -n "$HAUI_KEY_FILE" ]; then
    if head -n 1 "${HAUI_ROOT:-}$HAUI_KEY_FILE" 2>/dev/null | grep -q 'BEGIN PGP PUBLIC KEY'; then
        finding ok "key of the packages" "an armored public key" "$HAUI_KEY_FILE"
    elif [ "$(of_family HAUI_KEY_FROM)" != nowhere ]; then
        finding differs "key of the packages" "an armored public key" "absent"
    else
        finding blocked "key of the packages" "Say supply.packages.key (the mirror's public key), or unsigned: true for a mirror in a network you control." "the mirror is not https, so a key from it would prove nothing"
    fi
fi
for name in kubeadm kubelet kubectl; do
    offered=$(package offered "$name" "$HAUI_VERSION")
    if [ -n "$offered" ]; then
        finding ok "offered $name" "$HAUI_VERSION-*" "$offered"
    else
        finding differs "offered $name" "$HAUI_VERSION-*" "no such version"
    fi
done
exit 0

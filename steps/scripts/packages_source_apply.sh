# shellcheck shell=sh
# haui: include osfamily_lib
# Makes the package manager know the Kubernetes packages; only our source is refreshed.
set -eu

HAUI_KEY_FILE=${HAUI_ROOT:-}$(of_family HAUI_KEY_FILE)
HAUI_KEY_URL=$(of_family HAUI_KEY_URL)
HAUI_URL=$(of_family HAUI_URL)

if [ "$(of_family HAUI_KEY_FROM)" = url ] && [ ! -s "$HAUI_KEY_FILE" ]; then
    note_folder "${HAUI_KEY_FILE%/*}"
    mkdir -p "${HAUI_KEY_FILE%/*}"
    echo "fetching $HAUI_KEY_URL"
    https_proxy=$HAUI_HTTPS_PROXY no_proxy=$HAUI_NO_PROXY \
        curl -fsSL --retry 3 --max-time 60 -o "$HAUI_KEY_FILE.haui-new" "$HAUI_KEY_URL" ||
        die "the key of the packages can't be fetched from $HAUI_KEY_URL" \
            "let the host reach it, or say supply.packages.mirror and key"
    chmod 0644 "$HAUI_KEY_FILE.haui-new"
    put_file "$HAUI_KEY_FILE.haui-new" "$HAUI_KEY_FILE"
fi
package update "$(of_family HAUI_LIST)" || die "the Kubernetes packages can't be read from $HAUI_URL" \
    "check supply.packages (mirror, key) and that the host reaches it"
for name in kubeadm kubelet kubectl; do
    [ -n "$(package offered "$name" "$HAUI_VERSION")" ] || die "$HAUI_URL offers no $name $HAUI_VERSION" \
        "choose one of: $(oneline "$(package versions "$name")")"
done

# shellcheck shell=sh
# Links the CNI plugins HAUI_PLUGINS into /opt/cni/bin from where the distribution keeps them.

target=${HAUI_ROOT:-}/opt/cni/bin
note_folder "$target"
mkdir -p "$target" || die "$target can't be made"
for plugin in ${HAUI_PLUGINS:-}; do
    [ ! -x "$target/$plugin" ] || continue
    for folder in /usr/lib/cni /usr/libexec/cni /usr/local/lib/cni; do
        if [ -x "${HAUI_ROOT:-}$folder/$plugin" ]; then
            keep_before "$target/$plugin"
            note_before link "/opt/cni/bin/$plugin" "${HAUI_ROOT:-}$folder/$plugin"
            ln -sf "${HAUI_ROOT:-}$folder/$plugin" "$target/$plugin" && echo "linked $folder/$plugin"
            break
        fi
    done
    [ -x "$target/$plugin" ] || die "the CNI plugin $plugin is not on this host" \
        "install the package kubernetes-cni or containernetworking-plugins"
done

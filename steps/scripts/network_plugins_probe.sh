# shellcheck shell=sh
# Are the CNI plugins HAUI_PLUGINS where containerd looks for them?

for plugin in ${HAUI_PLUGINS:-}; do
    if [ -x "${HAUI_ROOT:-}/opt/cni/bin/$plugin" ]; then
        finding ok "plugin $plugin" "in /opt/cni/bin" "in /opt/cni/bin"
    else
        finding differs "plugin $plugin" "in /opt/cni/bin" absent
    fi
done

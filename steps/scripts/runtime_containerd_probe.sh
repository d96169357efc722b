# shellcheck shell=sh
# haui: include containerd_lib
# Does containerd run with the configuration that haui rendered?

version=$(containerd_version)
if [ -z "$version" ]; then
    finding differs "containerd" installed absent
    exit 0
fi
case $HAUI_MINOR:$version in
    [0-9]:2.* | 1[0-9]:2.* | 2[0-2]:2.*)
        finding blocked "containerd $version" "Kubernetes up to 1.22 needs containerd 1.x; install that." "$version" ;;
    *:1.[0-5].* | *:0.*)
        if [ "$HAUI_MINOR" -ge 26 ]; then
            finding blocked "containerd $version" "Kubernetes from 1.26 on needs containerd 1.6 or newer; install that." "$version"
        else
            finding ok "containerd" installed "$version"
        fi ;;
    *) finding ok "containerd" installed "$version" ;;
esac
want "containerd.service" "active enabled" "$(unit_active containerd) $(unit_enabled containerd)"
if cmp -s "$(containerd_config)" "$CONFIG"; then
    finding ok "$CONFIG" "as planned" "as planned"
else
    finding differs "$CONFIG" "as planned" "absent or other"
fi
want "systemd cgroups for containers" "$HAUI_SYSTEMD_CGROUP" "$(containerd_setting runtimes.runc.options SystemdCgroup)"
case $version in
    1.*)
        want "pause image" "$HAUI_PAUSE_IMAGE" "$(containerd_setting io.containerd.grpc.v1.cri sandbox_image)"
        want "registry folder" /etc/containerd/certs.d "$(containerd_setting io.containerd.grpc.v1.cri.registry config_path)"
        ;;
    *)
        want "pause image" "$HAUI_PAUSE_IMAGE" "$(containerd_setting io.containerd.cri.v1.images.pinned_images sandbox)"
        want "registry folder" /etc/containerd/certs.d "$(containerd_setting io.containerd.cri.v1.images.registry config_path)"
        ;;
esac
if loaded containerd "$CONFIG" "$PROXY"; then
    finding ok "configuration in use" "the one on disk" "the one on disk"
else
    finding differs "configuration in use" "the one on disk" "placed after the last start"
fi
# What the running program has: another drop-in of the host may have won.
[ -z "${HAUI_HTTP_PROXY:-}" ] || want "HTTP_PROXY of containerd" "$HAUI_HTTP_PROXY" "$(containerd_variable HTTP_PROXY)"
[ -z "${HAUI_HTTPS_PROXY:-}" ] || want "HTTPS_PROXY of containerd" "$HAUI_HTTPS_PROXY" "$(containerd_variable HTTPS_PROXY)"
[ -z "${HAUI_NO_PROXY:-}" ] || want "NO_PROXY of containerd" "$HAUI_NO_PROXY" "$(containerd_variable NO_PROXY)"
if containerd_answers; then
    finding ok "container runtime interface" "answers" "answers"
else
    finding differs "container runtime interface" "answers" "no answer, or switched off"
fi
exit 0

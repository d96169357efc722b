# shellcheck shell=sh
# haui: include osfamily_lib containerd_lib
# Installs containerd where there is none, and has it run with our configuration. Running containers are left alone
# by a restart.
set -eu

install_containerd() {
    names=$(of_family HAUI_CONTAINERD)
    for name in $names; do
        [ -n "$(package candidate "$name")" ] || continue
        package install "$name" && return
        die "containerd can't be installed" \
            "look at the package sources of this host; '$(package by_hand "$name")' must work by hand"
    done
    # The lists of a new host are empty.
    for name in $names; do
        if package install "$name"; then return; fi
    done
    case $(os_family) in
        redhat) die "no package source of this host has containerd.io" \
            "Enterprise Linux has none of its own: add Docker's repository (dnf config-manager --add-repo https://download.docker.com/linux/rhel/docker-ce.repo), or put containerd.io into supply.packages.mirror" ;;
        *) die "containerd can't be installed" \
            "look at the package sources of this host; '$(package by_hand containerd)' must work by hand" ;;
    esac
}

note_unit containerd
# Its folders, and those that it makes for a pod network.
for folder in /etc/containerd /var/lib/containerd /opt/containerd /etc/cni/net.d /opt/cni/bin; do
    note_folder "${HAUI_ROOT:-}$folder"
done
data=${HAUI_ROOT:-}/var/lib/containerd
[ ! -d "$data" ] || note_before mode /var/lib/containerd "$(stat -c %a "$data")"
have containerd || install_containerd
rendered=$(containerd_config)
if ! cmp -s "$rendered" "$CONFIG"; then
    mkdir -p "$(dirname "$CONFIG")"
    cp "$rendered" "$CONFIG.haui-new"
    chmod 0644 "$CONFIG.haui-new"
    put_file "$CONFIG.haui-new" "$CONFIG"
    echo "installed $CONFIG for containerd $(containerd_version)"
fi
containerd config dump >/dev/null || die "containerd does not accept its configuration" "correct advanced.containerd"
mark=$(files_mark "$CONFIG" "$PROXY")
systemctl daemon-reload
systemctl enable containerd
if [ "$(unit_active containerd)" != active ] || ! loaded containerd "$CONFIG" "$PROXY"; then
    systemctl restart containerd
    note_loaded containerd "$mark"
    echo "restarted containerd"
fi
wait_until 60 containerd_answers || die "containerd runs, but its interface for Kubernetes does not answer" \
    "see: journalctl -u containerd"

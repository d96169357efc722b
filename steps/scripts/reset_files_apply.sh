# shellcheck shell=sh
# haui: include reset_files_lib
# Gives back the files that haui has replaced and takes away those that it has made. Who has changed one since keeps it.
set -u

network_manager=
for kind in kept absent; do
    paths=$(recorded "$kind")
    while IFS= read -r path; do
        [ -n "$path" ] || continue
        case $(file_state "$kind" "$path") in
            ours)
                give_back "$kind" "$path"
                case $path in /etc/NetworkManager/*) network_manager=changed ;; esac
                ;;
        esac
        strays "$path" | while IFS= read -r stray; do
            rm -rf "$stray"
        done
    done <<LIST
$paths
LIST
done
hosts_give_back
systemctl daemon-reload
if [ -n "$network_manager" ] && [ "$(unit_active NetworkManager)" = active ]; then
    systemctl reload NetworkManager || echo "NetworkManager does not read its configuration again"
fi
exit 0

# shellcheck shell=sh
# Facts: how haui gets in: who logs in, its shell, sudo, sshd, and who else changes the host by itself.
#   ssh.user             the login: who called sudo, else who this is
#   ssh.sudo             yes|no: whether the login had to become root
#   ssh.shell            the login's shell, a path
#   ssh.umask            of root as the login becomes it, octal ("0022")
#   ssh.path             the secure_path of sudo; absent when sudo has none or is not used
#   ssh.hostkey          rows "TYPE SHA256:…" of the host's public keys ("ED25519 SHA256:…")
#   sshd                 rows "KEYWORD VALUE" of sshd's settings for that login ("maxsessions 10"): maxsessions, maxstartups,
#                        clientaliveinterval, clientalivecountmax, channeltimeout, allowtcpforwarding, permitrootlogin
#   ssh.manager          rows: each config-management agent that is active (facts_units_lib) or started by cron
#                        ("puppet.service", "cron /etc/cron.d/chef")

facts_access() {
    access_root=${HAUI_ROOT:-}
    access_user=${SUDO_USER:-$(id -un)}
    fact ssh.user "$access_user"
    fact ssh.umask "$(umask)"
    if [ -n "${SUDO_USER:-}" ]; then fact ssh.sudo yes; else fact ssh.sudo no; fi
    access_shell
    access_sudo_path
    access_tools
}

# The account may come from a directory; those of the file need not be asked for.
access_shell() {
    access_found=
    if [ -r "$access_root/etc/passwd" ]; then
        while IFS= read -r access_line; do
            case $access_line in
                "$access_user":*)
                    access_found=$access_line
                    break
                    ;;
            esac
        done <"$access_root/etc/passwd"
    fi
    [ -n "$access_found" ] || access_found=$(become_bounded 5 getent passwd "$access_user")
    case $access_found in
        # An empty shell means /bin/sh.
        *:*:*:*:*:*:*) access_found=${access_found##*:} && fact ssh.shell "${access_found:-/bin/sh}" ;;
    esac
}

access_sudo_path() {
    [ -n "${SUDO_USER:-}" ] && have sudo || return 0
    access_found=$(become_bounded 5 sudo -V | sed -n "s/^Value to override user's \$PATH with: //p")
    [ -z "$access_found" ] || fact ssh.path "$access_found"
}

# sshd says what counts for this login, also where the file has Match blocks.
access_tools() {
    {
        set -- "$access_root"/etc/ssh/ssh_host_*_key.pub
        if [ -f "$1" ] && have ssh-keygen; then
            cat "$@" 2>/dev/null | ssh-keygen -l -E sha256 -f - 2>/dev/null
        fi
        if have sshd; then
            bounded 10 sshd -T -C "user=$access_user,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22"
        fi
        set --
        for access_file in "$access_root"/etc/cron.d/* "$access_root"/var/spool/cron/crontabs/root \
            "$access_root"/var/spool/cron/root; do
            [ ! -f "$access_file" ] || set -- "$@" "$access_file"
        done
        [ $# -eq 0 ] || LC_ALL=C grep -lsE '(puppet +agent|chef-client|cinc-client|ansible-pull|cf-agent|salt-call)' "$@"
    } | LC_ALL=C awk -v root="$access_root" '
        function tell(key, value) { gsub(/[\t\r]+/, " ", value); printf "%s\t%s\n", key, substr(value, 1, 4000) }
        $2 ~ /^SHA256:/ { kind = $NF; gsub(/[()]/, "", kind); tell("ssh.hostkey", kind " " $2); next }
        $1 ~ /^(maxsessions|maxstartups|clientaliveinterval|clientalivecountmax|channeltimeout|allowtcpforwarding|permitrootlogin)$/ { tell("sshd", $0) }
        index($0, root "/") == 1 { tell("ssh.manager", "cron " substr($0, length(root) + 1)) }'
}

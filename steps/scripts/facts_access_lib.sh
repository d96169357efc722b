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
    access_account
    fact ssh.user "$access_user"
    fact ssh.umask "$(umask)"
    if [ -n "${SUDO_USER:-}" ]; then fact ssh.sudo yes; else fact ssh.sudo no; fi
    case $access_line in
        # An empty shell means /bin/sh.
        *:*:*:*:*:*:*) access_found=${access_line##*:} && fact ssh.shell "${access_found:-/bin/sh}" ;;
    esac
    access_sudo_path
    access_tools
}

# access_account: sets access_user and access_line, its line of passwd. The account may come from a directory; those of
# the file need not be asked for.
access_account() {
    user_id
    access_user=${SUDO_USER:-}
    if [ -r "$access_root/etc/passwd" ]; then
        while IFS= read -r access_line; do
            access_found=${access_line#*:*:}
            if [ -z "$access_user" ] && [ "${access_found%%:*}" = "${haui_uid:-}" ]; then
                access_user=${access_line%%:*}
                return
            fi
            [ "${access_line%%:*}" != "$access_user" ] || return 0
        done <"$access_root/etc/passwd"
    fi
    [ -n "$access_user" ] || access_user=$(id -un)
    access_line=$(become_bounded 5 getent passwd "$access_user")
}

access_sudo_path() {
    [ -n "${SUDO_USER:-}" ] && have sudo || return 0
    access_found=$(become_bounded 5 sudo -V | sed -n "s/^Value to override user's \$PATH with: //p")
    [ -z "$access_found" ] || fact ssh.path "$access_found"
}

# sshd says what counts for this login, also where the file has Match blocks. It would load each of its keys for that;
# with one that is given to it, it loads no other by itself.
access_tools() {
    access_key=$access_root/etc/ssh/ssh_host_ecdsa_key
    set --
    for access_file in "$access_root"/etc/cron.d/* "$access_root"/var/spool/cron/crontabs/root \
        "$access_root"/var/spool/cron/root; do
        if [ -f "$access_file" ] && [ -r "$access_file" ]; then set -- "$@" "$access_file"; fi
    done
    {
        access_keys
        if have sshd; then
            [ ! -r "$access_key" ] || access_option="-h $access_key"
            # shellcheck disable=SC2086  # an option and its value
            become_bounded 10 sshd ${access_option:-} -T \
                -C "user=$access_user,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22"
        fi
    } | LC_ALL=C awk -v root="$access_root" '
        function tell(key, value) { gsub(/[\t\r]+/, " ", value); printf "%s\t%s\n", key, substr(value, 1, 4000) }
        index(FILENAME, root "/") == 1 {
            if (!told[FILENAME] && /puppet +agent|chef-client|cinc-client|ansible-pull|cf-agent|salt-call/) {
                told[FILENAME] = 1
                tell("ssh.manager", "cron " substr(FILENAME, length(root) + 1))
            }
            next
        }
        $2 ~ /^SHA256:/ { kind = $NF; gsub(/[()]/, "", kind); tell("ssh.hostkey", kind " " $2); next }
        $1 ~ /^(maxsessions|maxstartups|clientaliveinterval|clientalivecountmax|channeltimeout|allowtcpforwarding|permitrootlogin)$/ { tell("sshd", $0) }
    ' - "$@" 2>/dev/null
}

access_keys() {
    set -- "$access_root"/etc/ssh/ssh_host_*_key.pub
    if [ -f "$1" ] && have ssh-keygen; then
        cat "$@" 2>/dev/null | ssh-keygen -l -E sha256 -f - 2>/dev/null
    fi
}

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
#   ssh.manager          rows: each config-management agent that is active or started by cron ("puppet.service", "cron /etc/cron.d/chef")

ACCESS_UNITS='puppet.service puppet-agent.service salt-minion.service chef-client.service chef-client.timer cinc-client.service cinc-client.timer cfengine3.service cf-execd.service rudder-agent.service ansible-pull.timer'

facts_access() {
    access_root=${HAUI_ROOT:-}
    access_user=${SUDO_USER:-$(id -un)}
    fact ssh.user "$access_user"
    fact ssh.umask "$(umask)"
    if [ -n "${SUDO_USER:-}" ]; then fact ssh.sudo yes; else fact ssh.sudo no; fi
    access_shell
    access_sudo_path
    access_host_keys
    access_sshd
    access_managers
}

# Asked of getent first: the account may come from a directory.
access_shell() {
    access_line=$(bounded 5 getent passwd "$access_user" || :)
    if [ -z "$access_line" ] && [ -r "$access_root/etc/passwd" ]; then
        access_line=$(LC_ALL=C awk -F: -v user="$access_user" '$1 == user { print; exit }' "$access_root/etc/passwd")
    fi
    case $access_line in
        # An empty shell means /bin/sh.
        *:*:*:*:*:*:*) access_found=${access_line##*:} && fact ssh.shell "${access_found:-/bin/sh}" ;;
    esac
}

access_sudo_path() {
    [ -n "${SUDO_USER:-}" ] && have sudo || return 0
    access_found=$(bounded 5 sudo -V | sed -n "s/^Value to override user's \$PATH with: //p")
    [ -z "$access_found" ] || fact ssh.path "$access_found"
}

access_host_keys() {
    have ssh-keygen || return 0
    for access_key in "$access_root"/etc/ssh/ssh_host_*_key.pub; do
        [ -f "$access_key" ] || continue
        bounded 5 ssh-keygen -l -E sha256 -f "$access_key" |
            awk '$2 ~ /^SHA256:/ { kind = $NF; gsub(/[()]/, "", kind); print kind, $2 }' | fact_lines ssh.hostkey
    done
}

# sshd says what counts for this login, also where the file has Match blocks.
access_sshd() {
    have sshd || return 0
    bounded 10 sshd -T -C "user=$access_user,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22" |
        awk '$1 ~ /^(maxsessions|maxstartups|clientaliveinterval|clientalivecountmax|channeltimeout|allowtcpforwarding|permitrootlogin)$/' |
        fact_lines sshd
}

access_managers() {
    if have systemctl; then
        # One line of answer for each unit, in their order.
        # shellcheck disable=SC2086  # a list of words
        bounded 10 systemctl is-active $ACCESS_UNITS | awk -v units="$ACCESS_UNITS" '
            BEGIN { split(units, unit, " ") }
            $1 == "active" || $1 == "activating" || $1 == "reloading" { print unit[NR] }' | fact_lines ssh.manager
    fi
    LC_ALL=C grep -lsE '(puppet +agent|chef-client|cinc-client|ansible-pull|cf-agent|salt-call)' \
        "$access_root"/etc/cron.d/* "$access_root"/var/spool/cron/crontabs/root "$access_root"/var/spool/cron/root |
        sed "s|^$access_root|cron |" | fact_lines ssh.manager
}

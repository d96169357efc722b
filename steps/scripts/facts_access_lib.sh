# shellcheck shell=sh
# Facts: how haui gets in: who logs in, its shell, sudo, sshd, and who else changes the host by itself.
#   ssh.user             the login: who called sudo, else who this is
#   ssh.sudo             yes|no: whether the login had to become root
#   ssh.shell            the login's shell, a path
#   ssh.umask            of root as the login becomes it, octal ("0022")
#   ssh.path             the secure_path of sudo; absent when sudo has none or is not used
#   ssh.hostkey          rows "ALGORITHM BASE64" of the host's public keys ("ssh-ed25519 AAAA…"), as in their files; who reads
#                        them makes the fingerprint, which would take the host a program
#   sshd                 rows "KEYWORD VALUE" of sshd's settings for that login ("maxsessions 10"): maxsessions, maxstartups,
#                        clientaliveinterval, clientalivecountmax, channeltimeout, allowtcpforwarding, permitrootlogin
#   ssh.manager          rows: each config-management agent that is active (facts_units_lib) or started by cron
#                        ("puppet.service", "cron /etc/cron.d/chef")

facts_access() {
    access_root=${HAUI_ROOT:-}
    access_account
    fact ssh.user "$access_user"
    # Straight to where facts go: $(…) would be a fork.
    printf 'ssh.umask\t' && umask
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

# sshd is asked only where its configuration says something of what is to be told; elsewhere its defaults count
# (sshd_config(5), the same since OpenSSH 6.2 and 7.0). Asking costs as much as a tenth of all other facts together.
# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
ACCESS_READ='
    function access_read(  word) {
        if (own ~ /^\/etc\/ssh\/sshd_config/) {
            if (own == "/etc/ssh/sshd_config") access_config = 1
            word = tolower($0)
            if (word !~ /^[ \t]*"?(match|include|maxsessions|maxstartups|clientalive|channeltimeout|allowtcpforwarding|permitrootlogin|disableforwarding)/)
                return 0
            if (word !~ /^include \/etc\/ssh\/sshd_config\.d\/\*\.conf[ \t]*$/) access_set = 1
            return 0
        }
        if (own ~ /^\/etc\/ssh\//) {
            if ($1 ~ /^[a-z0-9@.-]+$/ && $2 ~ /^[A-Za-z0-9+\/]+=*$/) tell("ssh.hostkey", $1 " " $2)
            return 1
        }
        if (!/puppet +agent|chef-client|cinc-client|ansible-pull|cf-agent|salt-call/) return 0
        tell("ssh.manager", "cron " own)
        return 1
    }
    function access_end(  ask, rows, i) {
        ask = ENVIRON["HAUI_SSHD"]
        if (ask == "") return
        if (access_config && !access_set && ENVIRON["HAUI_SSHD_HIDDEN"] == "") {
            i = split("maxsessions 10:maxstartups 10_30_100:clientaliveinterval 0:clientalivecountmax 3:" \
                "allowtcpforwarding yes:permitrootlogin prohibit-password", rows, ":")
            for (; i > 0; i--) { gsub(/_/, ":", rows[i]); tell("sshd", rows[i]) }
            return
        }
        while ((ask | getline) > 0)
            if ($1 ~ /^(maxsessions|maxstartups|clientaliveinterval|clientalivecountmax|channeltimeout|allowtcpforwarding|permitrootlogin)$/)
                tell("sshd", $0)
        close(ask)
    }'

# access_tools: notes what facts_files has to read. What sshd says counts for this login, also where the file has Match
# blocks. It would load each of its keys for that; with one that is given to it, it loads no other by itself.
access_tools() {
    look_at access "$access_root"/etc/cron.d/* "$access_root"/var/spool/cron/crontabs/root \
        "$access_root"/var/spool/cron/root "$access_root"/etc/ssh/ssh_host_*_key.pub \
        "$access_root"/etc/ssh/sshd_config "$access_root"/etc/ssh/sshd_config.d/*.conf
    HAUI_SSHD='' HAUI_SSHD_HIDDEN=''
    if have sshd; then
        for access_file in "$access_root"/etc/ssh/sshd_config.d/*.conf; do
            [ ! -e "$access_file" ] || [ -r "$access_file" ] || HAUI_SSHD_HIDDEN=yes
        done
        HAUI_SSHD_KEY=$access_root/etc/ssh/ssh_host_ecdsa_key
        HAUI_SSHD_FOR=user=$access_user,host=localhost,addr=127.0.0.1,laddr=127.0.0.1,lport=22
        # shellcheck disable=SC2016,SC2089  # for the shell that awk starts
        HAUI_SSHD='[ ! -r "$HAUI_SSHD_KEY" ] || set -- -h "$HAUI_SSHD_KEY"
            exec timeout -k 1 10 sshd "$@" -T -C "$HAUI_SSHD_FOR" 2>/dev/null </dev/null'
    fi
    # shellcheck disable=SC2090
    export HAUI_SSHD HAUI_SSHD_HIDDEN HAUI_SSHD_KEY HAUI_SSHD_FOR
}

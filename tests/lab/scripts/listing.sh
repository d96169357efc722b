#!/bin/sh
# Everything about a host that looking at it must not change; tests/lab/listing.py says what is left out.
set -u
export LC_ALL=C

echo "# files"
find / \( -path /proc -o -path /sys -o -path /dev -o -path /run/systemd -o -path /run/user -o -path /run/log \
    -o -path /run/udev -o -path /run/sudo -o -path /run/host -o -path /run/utmp -o -path /run/dbus \
    -o -path /run/motd.dynamic -o -path /var/log/journal -o -path /var/log/wtmp -o -path /var/log/lastlog \
    -o -path /var/log/btmp -o -name 'systemd-private-*' \) -prune \
    -o -type d -printf '%p d %m %U:%G\n' -o -printf '%p %y %m %U:%G %s %C@ %l\n' | sort

echo "# packages"
# shellcheck disable=SC2016  # a format of dpkg's
dpkg-query -W -f '${db:Status-Abbrev} ${Package} ${Version}\n'

echo "# settings"
sysctl -a 2>/dev/null | grep -v -E \
    -e '^kernel\.(random|ns_last_pid|pty\.nr|sched_|pid_max)' -e '^fs\.(dentry|file-nr|inode-|aio-nr|quota\.)' \
    -e '^net\.(netfilter\.nf_conntrack_count|ipv[46]\.(neigh|route))' -e '^vm\.'

echo "# rules"
nft list ruleset 2>/dev/null

echo "# units"
systemctl list-units --all --plain --no-legend --no-pager | awk '{ print $1, $2, $3, $4 }' | grep -v -E \
    -e '^(session-|user@|user-|user-runtime-dir@|run-user-)' -e '\.device ' \
    -e '^systemd-(hostnamed|timedated|tmpfiles-clean)' | sort
systemctl list-unit-files --plain --no-legend --no-pager | sort

echo "# processes"
# shellcheck disable=SC2009  # the list is what is wanted
ps -eo args= | grep -v -E \
    -e '^(\[|ps |grep |sort|find |awk |/bin/sh|sh |\(sd-pam\)|sshd: |systemctl )' \
    -e '^/lib/systemd/systemd(-hostnamed|-timedated| --user)' | sort

echo "# sockets"
ss -Hlntu | awk '{ print $1, $5 }' | sort

echo "# network"
ip -o link
ip -o addr
ip route show table all
ip -6 route show table all

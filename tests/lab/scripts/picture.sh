#!/bin/sh
# Everything about a host that an install changes, a line for each thing: kind, name, value, tab separated.
set -u
export LC_ALL=C
tab=$(printf '\t')
tagged() { sed "s/^/$1$tab/"; }

# Files by content, mode and owner; links by where they point to. Their times say nothing.
find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp \) -prune \
    -o -type d -printf 'file\t%p\td %m %U:%G\n' \
    -o -type l -printf 'file\t%p\tl %l\n' \
    -o ! -type f -printf 'file\t%p\t%y %m %U:%G\n'
find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp \) -prune \
    -o -type f -printf '%m %U:%G %p\n' | sort -k3 >/run/picture.modes
find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /run -o -path /tmp -o -path /var/tmp \) -prune \
    -o -type f -print0 | sort -z | xargs -0 sha256sum | awk '{ print substr($0, 67) "\t" substr($0, 1, 16) }' >/run/picture.sums
awk -F '\t' 'NR == FNR { sum[$1] = $2; next }
    { split($0, part, " "); path = substr($0, length(part[1] part[2]) + 3); print "file\t" path "\tf " part[1] " " part[2] " " sum[path] }' \
    /run/picture.sums /run/picture.modes
rm -f /run/picture.modes /run/picture.sums
find /run -maxdepth 2 \( -path /run/systemd -o -path /run/user -o -path /run/log -o -path /run/udev -o -path /run/sudo \
    -o -path /run/host -o -path /run/dbus -o -path /run/utmp -o -path /run/motd.dynamic \) -prune \
    -o -printf 'file\t%p\t%y\n'

# shellcheck disable=SC2016  # a format of dpkg's
dpkg-query -W -f '${db:Status-Abbrev}\t${Package}\t${Version}\n' | awk -F '\t' '{ print "package\t" $2 "\t" $1 $3 }'
apt-mark showhold | awk '{ print "hold\t" $1 "\theld" }'

sysctl -a 2>/dev/null | grep -v -E \
    -e '^kernel\.(random|ns_last_pid|pty\.nr|sched_|pid_max|threads-max)' -e '^fs\.(dentry|file-nr|inode-|aio-nr)' \
    -e '^net\.(netfilter\.nf_conntrack_count|ipv[46]\.(neigh|route))' -e '^net\.ipv[46]\.conf\.(all|default|lo|host0)\..*mc_' \
    -e '^vm\.(stat|drop|compact|lowmem|nr_)' | sed 's/ = /\t/' | tagged sysctl

awk '{ print "module\t" $1 "\tloaded" }' /proc/modules 2>/dev/null
awk 'NR > 1 { print "swap\t" $1 "\tin use" }' /proc/swaps
nft list ruleset 2>/dev/null | awk '{ print "rule\t" NR "\t" $0 }'
cat /proc/net/ip_tables_names /proc/net/ip6_tables_names 2>/dev/null | sort -u | awk '{ print "table\t" $1 "\tthere" }'
cut -d: -f1,3-7 /etc/passwd | awk '{ print "user\t" $1 "\tthere" }' FS=:
cut -d: -f1 /etc/group | awk '{ print "group\t" $1 "\tthere" }'

systemctl list-units --all --plain --no-legend --no-pager | awk '
    $1 ~ /^(session-|user@|user-|run-user-|systemd-(hostnamed|timedated|tmpfiles-clean)|apt-|dpkg-db)/ { next }
    $1 ~ /\.(device|mount|scope|slice)$/ { next }
    { print "unit\t" $1 "\t" $2 " " $3 " " $4 }'
systemctl list-unit-files --plain --no-legend --no-pager | awk '{ print "enabled\t" $1 "\t" $2 }'

# shellcheck disable=SC2009  # the list is what is wanted
ps -eo args= | grep -v -E \
    -e '^(\[|ps |grep |sort|uniq|find |awk |/bin/sh|sh |\(sd-pam\)|sshd: |systemctl |sed )' \
    -e '^/lib/systemd/systemd(-hostnamed|-timedated| --user)' | sort | uniq -c |
    awk '{ n = $1; $1 = ""; print "process\t" $0 "\t" n }'
ss -Hlntu | awk '{ print "socket\t" $1 " " $5 "\tlistens" }' | sort -u
ip -o link | awk '{ sub(/@.*/, "", $2); print "link\t" $2 "\t" $3 }' # the other end of a link has another number after each boot
ip -o addr | awk '{ print "address\t" $2 " " $4 "\tthere" }'
{ ip route show table all && ip -6 route show table all; } | sed 's/ *$//' | awk '{ print "route\t" $0 "\tthere" }'
mount | awk '{ print "mount\t" $3 "\t" $5 }'

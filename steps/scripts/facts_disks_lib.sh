# shellcheck shell=sh
# Facts: file systems: room, inodes, type, mount options; what is in etcd's folder; where swap comes from.
#   mount           PATH FSTYPE SOURCE SIZE_MB USED_MB AVAIL_MB INODES INODES_FREE OPTIONS: the file system that holds
#                   PATH, or will hold it; OPTIONS are those of the mount and of the file system, by commas
#   mount.at        PATH DEVICE MOUNTPOINT: DEVICE (major:minor) tells file systems apart
#   mount.hung      PATH: did not answer in time, a dead network file system
#   writable        PATH yes|no: as test -w sees it (read-only, immutable)
#   rotational      0|1: the disk under /var/lib/etcd
#   xfs.ftype       0|1: only when /var/lib/containerd is on xfs
#   journald.max    SystemMaxUse, where it is set
#   tmp.mode        the octal mode of /tmp
#   etcd.entry      a name in /var/lib/etcd (the first few)
#   etcd.member     yes|no: a member's data
#   etcd.manifest   yes|no: the static pod of a stacked member
#   etcd.mark       the cluster that an external member was set up for
#   swap.active     DEVICE TYPE SIZE_KB USED_KB; swap.asked yes when /proc/swaps could be read
#   swap.fstab      a device that fstab turns on
#   swap.zram       what makes compressed swap at the next boot and is turned off by the step system.swap
#   swap.unit       NAME WANTED_BY: a unit in /etc/systemd/system that can not be masked; - when nothing wants it
#   swap.maker      what else turns swap on at a boot: a service, /etc/rc.local, /etc/waagent.conf
#   swap.partition  a swap partition that systemd would find by itself
#   swap.target     masked|free

DISKS_PATHS="/ /etc /opt /opt/cni /opt/cni/bin /run /tmp /usr /usr/local /usr/local/bin /var /var/lib
    /var/lib/containerd /var/lib/dpkg /var/lib/etcd /var/lib/haui /var/lib/kubelet /var/log"

# disks_existing: those of DISKS_PATHS that exist. One that does not answer is told and left out with all below it.
disks_existing() {
    set --
    for disks_path in $DISKS_PATHS; do set -- "$@" "$disks_root$disks_path"; done
    disks_found=$(bounded 5 stat -L -c %n "$@")
    case $? in
        124 | 137) ;;
        *) return 0 ;;
    esac
    disks_found=
    for disks_path in "$@"; do
        case $disks_path/ in
            "${disks_dead:-none}"/*) continue ;;
        esac
        bounded 2 stat -L -c %n "$disks_path" >/dev/null
        case $? in
            0) disks_found="$disks_found$disks_path$HAUI_NEWLINE" ;;
            124 | 137)
                disks_dead=$disks_path
                printf 'mount.hung\t%s\n' "${disks_path#"$disks_root"}"
                ;;
        esac
    done
}

# disks_table: mount and mount.at of each path. df counts, mountinfo says the rest; realpath follows symbolic links.
disks_table() {
    # shellcheck disable=SC2086  # a list of paths of ours
    {
        printf '%s\n' "$disks_found" | sed 's/^/exists /'
        bounded 5 realpath $disks_found | sed 's/^/real /'
        bounded 5 df -B1M --output=size,used,avail,itotal,iavail,file $disks_found | sed 's/^/df /'
        sed 's/^/info /' "$disks_root/proc/self/mountinfo" 2>/dev/null
    } | LC_ALL=C awk -v root="$disks_root" -v paths="$DISKS_PATHS" '
        function own(path) {
            path = substr(path, length(root) + 1)
            return path == "" ? "/" : path
        }
        function number(text) { return text ~ /^[0-9]+$/ ? text : 0 }
        $1 == "exists" && NF == 2 { known[own($2)] = 1; order[++n] = own($2); next }
        $1 == "real" { target[order[++m]] = own(substr($0, 6)); next }
        $1 == "df" && $NF != "File" && NF == 7 { numbers[own($7)] = $2 " " $3 " " $4 " " number($5) " " number($6); next }
        $1 == "info" {
            for (i = 8; i <= NF && $i != "-"; i++);
            if (i + 3 > NF) next
            point[++points] = $6; device[points] = $4; type[points] = $(i + 1); source[points] = $(i + 2)
            options[points] = $7 "," $(i + 3)
        }
        END {
            count = split(paths, wanted, " ")
            for (w = 1; w <= count; w++) {
                path = wanted[w]; at = path
                while (!(at in known) && at != "/") {
                    sub(/\/[^\/]*$/, "", at)
                    if (at == "") at = "/"
                }
                if (!(at in known) || !(at in numbers) || (path == "/var/lib/dpkg" && at != path)) continue
                real = (at in target) ? target[at] : at
                best = 0
                for (p = 1; p <= points; p++) {
                    prefix = point[p] == "/" ? "/" : point[p] "/"
                    if (index(real "/", prefix) == 1 && (!best || length(point[p]) >= length(point[best]))) best = p
                }
                if (!best) continue
                split(numbers[at], df, " ")
                printf "mount\t%s %s %s %s %s %s %s %s %s\n", path, type[best], source[best], df[1], df[2], df[3], df[4], df[5], options[best]
                printf "mount.at\t%s %s %s\n", path, device[best], point[best]
            }
        }'
}

# disks_writable: asked of what is there; what is not would be made in the nearest folder above it.
disks_writable() {
    for disks_path in $disks_found; do
        case ${disks_path#"$disks_root"} in
            '' | / | /etc | /opt | /run | /tmp | /usr | /usr/local/bin | /var | /var/*)
                disks_own=${disks_path#"$disks_root"}
                if [ -w "$disks_path" ]; then disks_may=yes; else disks_may=no; fi
                printf 'writable\t%s %s\n' "${disks_own:-/}" "$disks_may"
                ;;
        esac
    done
    disks_mode=$(bounded 2 stat -L -c %a "$disks_root/tmp") && printf 'tmp.mode\t%s\n' "$disks_mode"
}

# disks_beneath ROWS: what is known of the disk under etcd, and of xfs under containerd.
disks_beneath() {
    while read -r disks_key disks_path disks_a disks_b _; do
        case $disks_key$disks_path in
            mount/var/lib/etcd) disks_source=$disks_b ;;
            mount.at/var/lib/etcd)
                disks_block=$disks_root/sys/dev/block/$disks_a
                # Some file systems (btrfs) have a device number that no disk has.
                case $disks_a:$disks_source in
                    0:*:/dev/*) disks_block=$disks_root/sys/class/block/$(basename "$(realpath -m "$disks_source")") ;;
                esac
                for disks_file in "$disks_block/queue/rotational" "$disks_block/../queue/rotational"; do
                    if [ -r "$disks_file" ]; then
                        read -r disks_turns <"$disks_file" && printf 'rotational\t%s\n' "$disks_turns"
                        break
                    fi
                done
                ;;
            mount/var/lib/containerd) disks_type=$disks_a ;;
            mount.at/var/lib/containerd)
                if [ "$disks_type" = xfs ]; then
                    disks_ftype=$(bounded 3 xfs_info "$disks_b" | sed -n 's/.*ftype=\([01]\).*/\1/p')
                    [ -z "$disks_ftype" ] || printf 'xfs.ftype\t%s\n' "$disks_ftype"
                fi
                ;;
        esac
    done <<EOF
$1
EOF
}

disks_journald() {
    set --
    for disks_file in "$disks_root"/usr/lib/systemd/journald.conf "$disks_root"/etc/systemd/journald.conf \
        "$disks_root"/usr/lib/systemd/journald.conf.d/*.conf "$disks_root"/etc/systemd/journald.conf.d/*.conf; do
        [ ! -r "$disks_file" ] || set -- "$@" "$disks_file"
    done
    [ $# -gt 0 ] || return 0
    disks_max=$(sed -n 's/^[[:space:]]*SystemMaxUse=[[:space:]]*//p' "$@" 2>/dev/null | tail -n 1)
    [ -z "$disks_max" ] || fact journald.max "$disks_max"
}

disks_etcd() {
    disks_data=$disks_root/var/lib/etcd
    disks_count=0
    for disks_file in "$disks_data"/* "$disks_data"/.[!.]*; do
        case ${disks_file##*/} in
            .haui-*) continue ;;
        esac
        [ -e "$disks_file" ] || [ -L "$disks_file" ] || continue
        fact etcd.entry "${disks_file##*/}"
        disks_count=$((disks_count + 1))
        [ "$disks_count" -lt 8 ] || break
    done
    fact_yes etcd.member [ -e "$disks_data/member" ]
    fact_yes etcd.manifest [ -e "$disks_root/etc/kubernetes/manifests/etcd.yaml" ]
    if [ -r "$disks_root/etc/etcd/haui-cluster" ]; then
        disks_mark=
        read -r disks_mark <"$disks_root/etc/etcd/haui-cluster" || :
        fact etcd.mark "$disks_mark"
    fi
}

# disks_wants UNIT: the targets that pull it in, one line.
disks_wants() {
    disks_by=
    for disks_file in "$disks_root"/etc/systemd/system/*.wants/"$1" "$disks_root"/etc/systemd/system/*.requires/"$1"; do
        [ -L "$disks_file" ] || [ -e "$disks_file" ] || continue
        disks_file=${disks_file%/*}
        disks_file=${disks_file##*/}
        disks_by="$disks_by ${disks_file%.*}"
    done
    disks_by=${disks_by# }
}

disks_swap() {
    disks_units=$disks_root/etc/systemd/system
    if [ -r "$disks_root/proc/swaps" ]; then
        printf 'swap.asked\tyes\n'
        awk 'NR > 1 && NF >= 4 { print $1, $2, $3, $4 }' "$disks_root/proc/swaps" | fact_lines swap.active
    fi
    if [ -r "$disks_root/etc/fstab" ]; then
        awk '$1 !~ /^#/ && $3 == "swap" { print $1 }' "$disks_root/etc/fstab" | fact_lines swap.fstab
    fi
    for disks_unit in zramswap.service zram-config.service; do
        disks_wants "$disks_unit"
        [ -z "$disks_by" ] || printf 'swap.zram\t%s\n' "$disks_unit"
    done
    # It makes devices from any configuration that it finds, unless the first one is empty.
    disks_file=$disks_root/etc/systemd/zram-generator.conf
    if [ -x "$disks_root/usr/lib/systemd/system-generators/zram-generator" ] && { [ ! -e "$disks_file" ] || [ -s "$disks_file" ]; }; then
        for disks_file in "$disks_file" "$disks_root"/usr/lib/systemd/zram-generator.conf \
            "$disks_root"/usr/local/lib/systemd/zram-generator.conf "$disks_root"/run/systemd/zram-generator.conf \
            "$disks_root"/etc/systemd/zram-generator.conf.d/*.conf "$disks_root"/usr/lib/systemd/zram-generator.conf.d/*.conf; do
            [ -s "$disks_file" ] || continue
            printf 'swap.zram\tzram-generator\n'
            break
        done
    fi
    for disks_unit in "$disks_units"/*.swap; do
        # A masked one is a link to /dev/null.
        { [ -e "$disks_unit" ] || [ -L "$disks_unit" ]; } && [ ! -c "$disks_unit" ] || continue
        disks_unit=${disks_unit##*/}
        disks_wants "$disks_unit"
        fact swap.unit "$disks_unit ${disks_by:--}"
    done
    for disks_unit in dphys-swapfile swapspace systemd-swap zram-swap armbian-zram-config; do
        disks_wants "$disks_unit.service"
        for disks_file in "$disks_root/etc"/rc[2-5].d/S??"$disks_unit"; do
            [ ! -e "$disks_file" ] || [ -e "$disks_root/usr/lib/systemd/system/$disks_unit.service" ] || disks_by=boot
        done
        [ -z "$disks_by" ] || [ -c "$disks_units/$disks_unit.service" ] || printf 'swap.maker\t%s.service\n' "$disks_unit"
    done
    if [ -x "$disks_root/etc/rc.local" ] && grep -q '^[[:space:]]*[^#]*swapon' "$disks_root/etc/rc.local" 2>/dev/null; then
        printf 'swap.maker\t/etc/rc.local\n'
    fi
    if grep -qi '^[[:space:]]*ResourceDisk\.EnableSwap=y' "$disks_root/etc/waagent.conf" 2>/dev/null; then
        printf 'swap.maker\t/etc/waagent.conf\n'
    fi
    bounded 5 lsblk -Pnpo NAME,PARTTYPE |
        awk -F'"' 'tolower($4) == "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f" { print $2 }' | fact_lines swap.partition
    if [ -c "$disks_units/swap.target" ]; then disks_may=masked; else disks_may=free; fi
    printf 'swap.target\t%s\n' "$disks_may"
}

facts_disks() {
    disks_root=${HAUI_ROOT:-}
    disks_existing
    if [ -n "$disks_found" ]; then
        disks_rows=$(disks_table)
        [ -z "$disks_rows" ] || printf '%s\n' "$disks_rows"
        disks_writable
        disks_beneath "$disks_rows"
    fi
    disks_journald
    disks_etcd
    disks_swap
}

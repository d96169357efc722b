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

# disks_df PATH…: in $(…).
disks_df() { become_bounded 5 df -B1M --output=size,used,avail,itotal,iavail,file "$@"; }

# disks_ask: sets disks_answer, what df says of DISKS_PATHS, and disks_found, those that exist. One that does not answer
# is told and left out with all below it.
disks_ask() {
    set --
    for disks_path in $DISKS_PATHS; do set -- "$@" "$disks_root$disks_path"; done
    disks_answer=$(disks_df "$@")
    case $? in
        124 | 137)
            # shellcheck disable=SC2034  # for tmp_and_zone
            haui_careful='timeout -k 1 2'
            disks_one_by_one "$@"
            ;;
        *) disks_alive=$* ;;
    esac
    disks_found=
    for disks_path in $disks_alive; do
        [ ! -e "$disks_path" ] || disks_found="$disks_found $disks_path"
    done
}

disks_one_by_one() {
    disks_alive=
    for disks_path in "$@"; do
        case $disks_path/ in
            "${disks_dead:-none}"/*) continue ;;
        esac
        bounded 2 stat -L -c %n "$disks_path" >/dev/null
        case $? in
            124 | 137)
                disks_dead=$disks_path
                printf 'mount.hung\t%s\n' "${disks_path#"$disks_root"}"
                ;;
            *) disks_alive="$disks_alive $disks_path" ;;
        esac
    done
    # shellcheck disable=SC2086  # a list of paths of ours
    disks_answer=$(disks_df $disks_alive)
}

# disks_links: sets disks_real, where the paths lead to, when there is a symbolic link among them.
disks_links() {
    disks_real=
    for disks_path in $disks_found; do
        [ -L "$disks_path" ] || continue
        # shellcheck disable=SC2086  # a list of paths of ours
        for disks_own in $(become_bounded 5 realpath $disks_found); do
            disks_real="${disks_real}real $disks_own$HAUI_NEWLINE"
        done
        return
    done
}

# disks_files: notes what files say. df counts, mountinfo says the rest.
disks_files() {
    look_at disks "$disks_root/proc/self/mountinfo" "$disks_root/proc/swaps" "$disks_root/etc/fstab" \
        "$disks_root/etc/waagent.conf" "$disks_root/usr/lib/systemd/journald.conf" \
        "$disks_root/etc/systemd/journald.conf" "$disks_root"/usr/lib/systemd/journald.conf.d/*.conf \
        "$disks_root"/etc/systemd/journald.conf.d/*.conf
    HAUI_DISKS_PATHS=$DISKS_PATHS HAUI_DISKS_FOUND=$disks_found
    HAUI_DISKS_DF=$disks_answer$HAUI_NEWLINE$disks_real
    export HAUI_DISKS_PATHS HAUI_DISKS_FOUND HAUI_DISKS_DF
}

# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
DISKS_READ='
    function disks_own(path) {
        path = substr(path, root + 1)
        return path == "" ? "/" : path
    }
    function disks_number(text) { return text ~ /^[0-9]+$/ ? text : 0 }
    function disks_read(  i) {
        if (own == "/proc/self/mountinfo") {
            for (i = 7; i <= NF && $i != "-"; i++);
            if (i + 3 > NF) return 0
            disks_point[++disks_points] = $5; disks_device[disks_points] = $3
            disks_type[disks_points] = $(i + 1); disks_source[disks_points] = $(i + 2)
            disks_options[disks_points] = $6 "," $(i + 3)
        } else if (own == "/proc/swaps") {
            if (line > 1 && NF >= 4) tell("swap.active", $1 " " $2 " " $3 " " $4)
        } else if (own == "/etc/fstab") {
            if ($1 !~ /^#/ && $3 == "swap") tell("swap.fstab", $1)
        } else if (own == "/etc/waagent.conf") {
            if (tolower($0) ~ /^[ \t]*resourcedisk\.enableswap=y/) disks_waagent = 1
        } else if (sub(/^[ \t]*SystemMaxUse=[ \t]*/, "")) disks_max = $0
        return 0
    }
    # What df has counted, for each path that there is, and where these lead to.
    function disks_counted(  rows, n, i, m, word, paths) {
        n = split(ENVIRON["HAUI_DISKS_FOUND"], paths, " ")
        for (i = 1; i <= n; i++) { paths[i] = disks_own(paths[i]); disks_known[paths[i]] = 1 }
        n = split(ENVIRON["HAUI_DISKS_DF"], rows, "\n")
        for (i = 1; i <= n; i++) {
            if (rows[i] ~ /^real /) disks_target[paths[++m]] = disks_own(substr(rows[i], 6))
            else if (split(rows[i], word, " ") == 6 && word[6] != "File")
                disks_numbers[disks_own(word[6])] = word[1] " " word[2] " " word[3] " " disks_number(word[4]) " " disks_number(word[5])
        }
    }
    function disks_end(  count, wanted, w, path, at, real, best, p, prefix) {
        if (disks_max != "") tell("journald.max", disks_max)
        if (disks_waagent) tell("swap.maker", "/etc/waagent.conf")
        disks_counted()
        count = split(ENVIRON["HAUI_DISKS_PATHS"], wanted, " ")
        for (w = 1; w <= count; w++) {
            path = wanted[w]; at = path
            while (!(at in disks_known) && at != "/") {
                sub(/\/[^\/]*$/, "", at)
                if (at == "") at = "/"
            }
            if (!(at in disks_known) || !(at in disks_numbers) || (path == "/var/lib/dpkg" && at != path)) continue
            real = (at in disks_target) ? disks_target[at] : at
            best = 0
            for (p = 1; p <= disks_points; p++) {
                prefix = disks_point[p] == "/" ? "/" : disks_point[p] "/"
                if (index(real "/", prefix) == 1 && (!best || length(disks_point[p]) >= length(disks_point[best]))) best = p
            }
            if (!best) continue
            tell("mount", path " " disks_type[best] " " disks_source[best] " " disks_numbers[at] " " disks_options[best])
            tell("mount.at", path " " disks_device[best] " " disks_point[best])
        }
    }'

# disks_writable: asked of what is there; what is not would be made in the nearest folder above it.
disks_writable() {
    for disks_path in $disks_found; do
        disks_own=${disks_path#"$disks_root"}
        case $disks_own in
            '' | / | /etc | /opt | /run | /tmp | /usr | /usr/local/bin | /var | /var/*)
                if [ -w "$disks_path" ]; then disks_may=yes; else disks_may=no; fi
                printf 'writable\t%s %s\n' "${disks_own:-/}" "$disks_may"
                ;;
        esac
    done
}

# disks_beneath ROWS: what is known of the disk under etcd, and of xfs under containerd, from what facts_files has told.
disks_beneath() {
    disks_root=${HAUI_ROOT:-}
    set -f
    # Not with read: it asks for one byte after the other.
    IFS=$HAUI_NEWLINE
    for disks_row in $1; do
        case $disks_row in
            *"${HAUI_TAB}/var/lib/etcd "* | *"${HAUI_TAB}/var/lib/containerd "*) ;;
            *) continue ;;
        esac
        IFS=" $HAUI_TAB"
        # shellcheck disable=SC2086  # key, path, and two more fields
        disks_filesystem $disks_row
    done
    unset IFS
    set +f
}

# disks_filesystem KEY PATH A B…: the fields of a row mount or mount.at.
disks_filesystem() {
    case $1$2 in
        mount/var/lib/etcd) disks_source=$4 ;;
        mount.at/var/lib/etcd)
            disks_block=$disks_root/sys/dev/block/$3
            # Some file systems (btrfs) have a device number that no disk has.
            case $3:$disks_source in
                0:*:/dev/*) disks_block=$(realpath -m "$disks_source") && disks_block=$disks_root/sys/class/block/${disks_block##*/} ;;
            esac
            for disks_file in "$disks_block/queue/rotational" "$disks_block/../queue/rotational"; do
                if [ -r "$disks_file" ]; then
                    read -r disks_turns <"$disks_file" && printf 'rotational\t%s\n' "$disks_turns"
                    break
                fi
            done
            ;;
        mount/var/lib/containerd) disks_type=$3 ;;
        mount.at/var/lib/containerd)
            if [ "$disks_type" = xfs ]; then
                disks_ftype=$(become_bounded 3 xfs_info "$4" | sed -n 's/.*ftype=\([01]\).*/\1/p')
                [ -z "$disks_ftype" ] || printf 'xfs.ftype\t%s\n' "$disks_ftype"
            fi
            ;;
    esac
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
    [ ! -r "$disks_root/proc/swaps" ] || printf 'swap.asked\tyes\n'
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
    disks_partitions
    if [ -c "$disks_units/swap.target" ]; then disks_may=masked; else disks_may=free; fi
    printf 'swap.target\t%s\n' "$disks_may"
}

# disks_partitions: swap by the type of a partition; without partitions nobody is asked.
disks_partitions() {
    set -- "$disks_root"/sys/class/block/*/partition
    [ -e "$1" ] || return 0
    bounded 5 lsblk -Pnpo NAME,PARTTYPE |
        awk -F'"' 'tolower($4) == "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f" { print "swap.partition\t" $2 }'
}

facts_disks() {
    disks_root=${HAUI_ROOT:-}
    disks_ask
    tmp_and_zone
    [ -z "$disks_found" ] || [ -z "$haui_mode" ] || fact tmp.mode "$haui_mode"
    disks_links
    disks_files
    disks_writable
    disks_etcd
    disks_swap
}

# shellcheck shell=sh
# haui: include facts_health_lib
# Facts: the operating system: distribution, architecture, init, names, identity, security modules.
#   os.id, os.like, os.version, os.name   ID, ID_LIKE, VERSION_ID, PRETTY_NAME of os-release
#   arch                 uname -m
#   uid                  id -u
#   init                 systemd, or the name of process 1
#   systemd.state        what systemctl is-system-running says
#   systemd.failed       rows UNIT, those that failed (at most 20)
#   unit.masked          rows "UNIT PATH", of the units that the install starts
#   virt                 what systemd-detect-virt says; none on bare metal
#   vendor, product, chassis.tag   of the firmware (DMI)
#   cpu.missing          on x86_64: flags of level x86-64-v2 that the processor lacks, or none
#   machine-id, boot-id, product-uuid, iscsi.iqn, nvme.hostnqn
#   hostname, hostname.static   uname -n, /etc/hostname
#   cloudinit            absent, disabled, running or done
#   cloudinit.preserve   yes or no: whether cloud-init leaves the host's name alone
#   cloudinit.hostname   the name that cloud-init gave the host last
#   selinux              enforcing, permissive or disabled
#   selinux.container    yes or no: whether the policy of containers is there
#   selinux.config       the mode of /etc/selinux/config
#   apparmor             yes or no: whether the kernel enforces profiles
#   apparmor.parser      yes or no: whether there is an apparmor_parser
#   process              rows NAME: programs that watch files or take block devices, see facts_programs
#   fips                 yes or no

ROOT=${HAUI_ROOT:-}

# fact_file KEY PATH: the first line of a file, when there is one.
fact_file() {
    haui_line=
    [ -f "$ROOT$2" ] && [ -r "$ROOT$2" ] || return 0
    IFS= read -r haui_line <"$ROOT$2" 2>/dev/null || :
    [ -z "$haui_line" ] || fact "$1" "$haui_line"
}

facts_system() {
    kernel_names
    fact arch "${haui_machine:-}"
    user_id
    fact uid "${haui_uid:-}"
    facts_init
    facts_machine
    facts_names
    facts_cloudinit
    facts_security
    facts_programs
    facts_health
    facts_system_files
}

facts_init() {
    if [ -d "$ROOT/run/systemd/system" ]; then
        fact init systemd
        facts_manager
    else
        fact_file init /proc/1/comm
    fi
    for haui_unit in containerd kubelet keepalived haproxy nginx chrony; do
        for haui_folder in /etc/systemd/system /run/systemd/system; do
            haui_file=$haui_folder/$haui_unit.service
            if [ -L "$ROOT$haui_file" ] && [ "$(readlink "$ROOT$haui_file")" = /dev/null ]; then
                fact unit.masked "$haui_unit.service $haui_file"
            fi
        done
    done
}

# Of systemd itself; limit.files and limit.tasks belong to facts_health_lib.
facts_manager() {
    for haui_line in $(become_bounded 5 systemctl show -p SystemState -p DefaultLimitNOFILE -p DefaultTasksMax -p Virtualization); do
        case $haui_line in
            SystemState=?*) fact systemd.state "${haui_line#*=}" ;;
            DefaultLimitNOFILE=?*) fact limit.files "${haui_line#*=}" ;;
            DefaultTasksMax=?*) fact limit.tasks "${haui_line#*=}" ;;
            # It has asked the same as systemd-detect-virt would.
            Virtualization=) haui_virtual=none ;;
            Virtualization=*) haui_virtual=${haui_line#*=} ;;
        esac
        [ "$haui_line" != SystemState=degraded ] ||
            become_bounded 5 systemctl list-units --state=failed --plain --no-legend --no-pager |
            awk 'NR <= 20 { print $1 }' | fact_lines systemd.failed
    done
}

facts_machine() {
    virtual
    [ -z "$haui_virtual" ] || fact virt "$haui_virtual"
    fact_file vendor /sys/class/dmi/id/sys_vendor
    fact_file product /sys/class/dmi/id/product_name
    fact_file chassis.tag /sys/class/dmi/id/chassis_asset_tag
    fact_file product-uuid /sys/class/dmi/id/product_uuid
    fact_file machine-id /etc/machine-id
    fact_file boot-id /proc/sys/kernel/random/boot_id
    fact_file nvme.hostnqn /etc/nvme/hostnqn
}

facts_names() {
    fact hostname "${haui_node:-}"
    fact_file hostname.static /etc/hostname
}

# cloud-init itself is slow to ask; what it leaves in /run says as much.
facts_cloudinit() {
    haui_run=$ROOT/run/cloud-init
    if [ -e "$haui_run/disabled" ]; then
        fact cloudinit disabled
    elif [ -e "$haui_run/result.json" ] || [ -L "$haui_run/result.json" ]; then
        fact cloudinit 'done'
    elif [ -e "$haui_run/enabled" ] || [ -e "$haui_run/status.json" ]; then
        fact cloudinit running
    else
        fact cloudinit absent
    fi
    fact_file cloudinit.hostname /var/lib/cloud/data/previous-hostname
}

facts_security() {
    haui_line=
    [ ! -r "$ROOT/sys/fs/selinux/enforce" ] || read -r haui_line <"$ROOT/sys/fs/selinux/enforce" || :
    case $haui_line in
        1) fact selinux enforcing ;;
        0) fact selinux permissive ;;
        *) fact selinux disabled ;;
    esac
    if [ -n "$haui_line" ]; then
        haui_line=no
        for haui_file in "$ROOT"/usr/share/selinux/packages/container.pp* "$ROOT"/var/lib/selinux/*/active/modules/*/container; do
            [ ! -e "$haui_file" ] || haui_line=yes
        done
        fact selinux.container "$haui_line"
    fi
    haui_line=
    [ ! -r "$ROOT/sys/module/apparmor/parameters/enabled" ] || read -r haui_line <"$ROOT/sys/module/apparmor/parameters/enabled" || :
    # The folder is what containerd looks for; containers see the module but not the folder.
    if [ "$haui_line" = Y ] && [ -d "$ROOT/sys/kernel/security/apparmor" ]; then
        fact apparmor yes
    else
        fact apparmor no
    fi
    fact_yes apparmor.parser test -x "$ROOT/sbin/apparmor_parser" -o -x "$ROOT/usr/sbin/apparmor_parser"
    haui_line=0
    [ ! -r "$ROOT/proc/sys/crypto/fips_enabled" ] || read -r haui_line <"$ROOT/proc/sys/crypto/fips_enabled" || :
    if [ "$haui_line" = 1 ]; then fact fips yes; else fact fips no; fi
}

# Names as the kernel keeps them: cut to 15 characters. head, as awk would stop at the first process that has ended, and
# cat takes twice as long for many small files.
facts_programs() {
    set -- "$ROOT"/proc/[0-9]*/comm
    [ -e "$1" ] || return 0
    said programs
    head -qn1 "$@" 2>/dev/null </dev/null
    said_all
}

# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
SYSTEM_SAID='
    BEGIN {
        programs_list("fapolicyd falcon-sensor wdavdaemon s1-agent sentinelone-age cbagentd cbdaemon ds_agent " \
            "xagt savd kesl elastic-endpoin mfetpd oaeventd clamonacc multipathd", programs_known)
        programs_kubernetes = split("conmon crio dockerd k0s k3s k3s-agent k3s-server kube-apiserver kube-controller kube-proxy " \
            "kube-scheduler kubelet kubelite rke2", programs_cluster, " ")
    }
    function programs_list(names, set,  list, i, count) {
        count = split(names, list, " ")
        for (i = 1; i <= count; i++) set[list[i]] = 1
    }
    function programs_said() {
        if (!programs_seen[$0]++ && $0 in programs_known) tell("process", $0)
    }
    function programs_end(  i) {
        for (i = 1; i <= programs_kubernetes; i++)
            if (programs_cluster[i] in programs_seen) tell("kubernetes.process", programs_cluster[i])
    }'

# What small files say.
facts_system_files() {
    haui_os=$ROOT/etc/os-release
    [ -f "$haui_os" ] || haui_os=$ROOT/usr/lib/os-release
    look_at system "$haui_os" "$ROOT/etc/iscsi/initiatorname.iscsi" "$ROOT/etc/cloud/cloud.cfg" \
        "$ROOT"/etc/cloud/cloud.cfg.d/*.cfg "$ROOT/proc/stat" "$ROOT/proc/meminfo" "$ROOT/proc/cmdline" \
        "$ROOT/proc/cpuinfo"
    # A host without SELinux may have its configuration all the same.
    [ ! -r "$ROOT/sys/fs/selinux/enforce" ] || look_at system "$ROOT/etc/selinux/config"
}

# shellcheck disable=SC2016,SC2034  # awk, for preflight_facts_probe
SYSTEM_READ='
    function system_read(  i, sum, name, value, count, wanted, missing) {
        if (own ~ /\/os-release$/) {
            if (match($0, /^(ID|ID_LIKE|VERSION_ID|PRETTY_NAME)=/)) {
                name = substr($0, 1, RLENGTH - 1)
                value = substr($0, RLENGTH + 1, 200)
                gsub(/[\001-\037\177"\047]/, "", value)
                if (!(name in system_seen)) tell(name == "ID" ? "os.id" : name == "ID_LIKE" ? "os.like" : \
                    name == "VERSION_ID" ? "os.version" : "os.name", value)
                system_seen[name] = 1
            }
            return line >= 200
        }
        if (own ~ /^\/etc\/cloud\//) {
            system_cloud = 1
            if (/^[ \t]*preserve_hostname[ \t]*:/) system_keep = tolower($0) ~ /:[ \t]*["\047]?(true|yes|on)/
            return 0
        }
        if (own == "/etc/iscsi/initiatorname.iscsi") {
            if (!/^InitiatorName=./) return 0
            tell("iscsi.iqn", substr($0, 15))
            return 1
        }
        if (own == "/etc/selinux/config") {
            if (!match($0, /^SELINUX=[a-z]+/)) return 0
            tell("selinux.config", substr($0, 9, RLENGTH - 8))
            return 1
        }
        # user nice system idle iowait irq softirq steal; guest time is in user already.
        if (own == "/proc/stat") {
            if ($1 != "cpu" || NF < 9) return 0
            for (i = 2; i <= 9; i++) sum += $i
            if (sum > 0) tell("cpu.steal", sprintf("%.1f", $9 * 100 / sum))
            return 1
        }
        if (own == "/proc/meminfo") {
            if ($1 == "HugePages_Total:") system_pages = $2
            if ($1 == "Hugepagesize:") tell("hugepages", system_pages + 0 " " $2)
            return 0
        }
        if (own == "/proc/cmdline") {
            for (i = 1; i <= NF; i++) if ($i ~ /^isolcpus=/) tell("isolcpus", substr($i, 10))
            return 0
        }
        if (own == "/proc/cpuinfo" && /^flags[ \t]*:/) {
            count = split("cx16 lahf_lm popcnt sse4_1 sse4_2 ssse3", wanted, " ")
            for (i = 1; i <= count; i++) if (index($0 " ", " " wanted[i] " ") == 0) missing = missing " " wanted[i]
            tell("cpu.missing", missing == "" ? "none" : substr(missing, 2))
            return 1
        }
        return 0
    }
    function system_end() { if (system_cloud) tell("cloudinit.preserve", system_keep ? "yes" : "no") }'

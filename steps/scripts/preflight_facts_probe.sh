# shellcheck shell=sh
# haui: include facts_lib facts_access_lib facts_system_lib facts_sizes_lib facts_disks_lib facts_kernel_lib facts_kubernetes_lib facts_network_lib facts_clock_lib facts_ports_lib facts_fleet_lib
# Everything about one host that checks want to know, in one look. Only reads.

facts_all() {
    haui_first=$(date +%s.%N)
    ticks
    haui_ticks_first=$haui_ticks
    fact clock.first "$haui_first"
    facts_access
    facts_system
    facts_sizes
    facts_disks
    facts_kernel
    facts_kubernetes
    facts_network
    facts_clock
    facts_ports
    facts_fleet
    facts_files
    facts_clock_last
    facts_end
}

# facts_clock_last: the first time and what has passed since then by the clock that nobody sets.
facts_clock_last() {
    ticks
    haui_seconds=${haui_first%.*} haui_fraction=${haui_first#*.}
    case $haui_first in
        *[!0-9.]*) fact clock.last "$(now)" && return ;;
        [1-9]?????????.?????????) ;;
        *) fact clock.last "$(now)" && return ;;
    esac
    haui_ticks=$((haui_ticks - haui_ticks_first))
    # A leading 1, as a leading 0 would make it octal.
    haui_fraction=$((1${haui_fraction} - 1000000000 + haui_ticks % 100 * 10000000))
    haui_seconds=$((haui_seconds + haui_ticks / 100 + haui_fraction / 1000000000))
    printf 'clock.last\t%d.%09d\n' "$haui_seconds" $((haui_fraction % 1000000000))
}

# How awk programs tell a fact: of each key the first values, whatever the host has many of.
TELL='
    function tell(key, value) {
        gsub(/[\t\r]+/, " ", value)
        pass(key "\t" substr(value, 1, 4000))
    }
'

# facts_files: what the files say that look_at has noted. Some awk end when a file can't be read to its end (a bad disk, an
# interface that is gone): then each area is read alone, so that the others do not lose their facts.
facts_files() {
    export HAUI_FILES
    if haui_rows=$(files_read ''); then
        printf '%s\n' "$haui_rows"
    else
        for haui_area in access system sizes modules kernel sysctl names ports fleet kubernetes; do (files_read "$haui_area"); done
        haui_rows=$(files_read disks)
        printf '%s\n' "$haui_rows"
    fi
    disks_beneath "$haui_rows"
}

# files_read AREA: of all areas when it is empty. The last that its subshell does, which saves a fork.
files_read() {
    export LC_ALL=C HAUI_ONLY="$1"
    exec awk "$TELL$ACCESS_READ$SYSTEM_READ$SIZES_READ$MODULES_READ$KERNEL_READ$SYSCTL_READ$NAMES_READ$PORTS_ROWS$PORTS_READ$FLEET_READ$KUBERNETES_READ$DISKS_READ"'
        function pass(text) { print text }
        function read_line() {
            if (area == "modules") return modules_read()
            if (area == "sysctl") return sysctl_read()
            if (area == "system") return system_read()
            if (area == "sizes") return sizes_read()
            if (area == "names") return names_read()
            if (area == "kernel") return kernel_read()
            if (area == "fleet") return fleet_read()
            if (area == "access") return access_read()
            if (area == "disks") return disks_read()
            if (area == "ports") return ports_read()
            if (area == "kubernetes") return kubernetes_read()
        }
        BEGIN {
            root = length(ENVIRON["HAUI_ROOT"])
            only = ENVIRON["HAUI_ONLY"]
            count = split(ENVIRON["HAUI_FILES"], files, "\n")
            for (file = 1; file <= count; file++) {
                at = index(files[file], " ")
                area = substr(files[file], 1, at - 1)
                if (area == "" || (only != "" && area != only)) continue
                path = substr(files[file], at + 1)
                own = substr(path, root + 1)
                line = 0
                while ((getline < path) > 0) {
                    line++
                    if (read_line()) break
                }
                close(path)
            }
            if (only == "" || only == "system") system_end()
            if (only == "" || only == "sizes") sizes_end()
            if (only == "" || only == "modules") modules_end()
            if (only == "" || only == "kernel") kernel_end()
            if (only == "" || only == "names") names_end()
            if (only == "" || only == "disks") disks_end()
            if (only == "" || only == "ports") ports_read_end()
            if (only == "" || only == "access") access_end()
        }' 2>/dev/null </dev/null
}

# told: takes apart what commands have said (see `said`), and keeps what is told in bounds, whatever the host has many of.
# The first value of each key and the end come through. It reads no file, as nothing may end it. For the end of a pipe.
told() {
    export HAUI_SAID LC_ALL=C
    exec awk "$TELL$SYSTEM_SAID$HEALTH_SAID$NETWORK_SAID$PORTS_ROWS$PORTS_SAID$UNITS_SAID"'
        BEGIN { said = ENVIRON["HAUI_SAID"] }
        index($0, said) == 1 {
            if (area == "programs") programs_end()
            else if (area == "log") log_end()
            else if (area == "network") network_end()
            else if (area == "ports") ports_end()
            else if (area == "units") units_end()
            area = substr($0, length(said) + 1)
            next
        }
        area == "log" { log_said(); next }
        area == "programs" { programs_said(); next }
        area == "network" { network_said(); next }
        area == "ports" { ports_said(); next }
        area == "units" { units_said(); next }
        /^end\t/ { print; next }
        { pass($0) }
        function pass(text,  key) {
            key = substr(text, 1, index(text, "\t"))
            if (key !~ /^[a-z][a-z0-9._-]*\t$/) return
            if (count[key]++ && (count[key] > 2000 || bytes[key] > 250000 || all > 800000)) return
            text = substr(text, 1, 4200)
            bytes[key] += length(text); all += length(text)
            print text
        }'
}

# told_plain: without awk what the shell itself knows comes through.
told_plain() {
    haui_area=
    while IFS= read -r haui_line; do
        case $haui_line in
            "${HAUI_SAID}"*) haui_area=${haui_line#"$HAUI_SAID"} ;;
            [a-z]*"$HAUI_TAB"*) [ -n "$haui_area" ] || printf '%s\n' "$haui_line" ;;
        esac
    done
}

if have awk; then facts_all | told; else facts_all | told_plain; fi
exit 0

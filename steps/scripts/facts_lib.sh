# shellcheck shell=sh
# How a script tells facts: lines KEY<TAB>VALUE on stdout, one line each; a key may stand several times.

# fact KEY VALUE…: one fact. The value is cut to 4000 characters; tabs and line breaks become blanks.
# No subshell: a host tells some two hundred of them, and each fork would cost more than the fact itself.
fact() {
    haui_key=$1
    shift
    haui_value=$*
    case $haui_value in
        *[[:cntrl:]]*)
            set -f
            IFS=$HAUI_TAB$HAUI_NEWLINE$(printf '\r')
            # shellcheck disable=SC2086  # the splitting is what this is about
            set -- $haui_value
            IFS=' '
            haui_value=$*
            unset IFS
            set +f
            ;;
    esac
    printf '%s\t%.4000s\n' "$haui_key" "$haui_value"
}

# fact_lines KEY: one fact for each line of stdin that is not empty.
fact_lines() {
    haui_key=$1
    LC_ALL=C awk -v key="$haui_key" 'NF { gsub(/[\t\r]+/, " "); printf "%s\t%s\n", key, substr($0, 1, 4000) }'
}

# said AREA … said_all: what is printed in between is no facts but what commands say; `told` of preflight_facts_probe takes
# it apart by the area's function. One awk for all of them, as each program costs more than what it says.
said() {
    printf '%s%s\n' "$HAUI_SAID" "$1"
}
said_all() {
    printf '\n%s\n' "$HAUI_SAID"
}
HAUI_SAID="#haui.$$." # no key of a fact, and nothing that a command says by chance

# look_at AREA FILE…: notes files that there are, for facts_files, which reads all of them with one awk.
look_at() {
    haui_area=$1
    shift
    for haui_noted; do
        case $haui_noted in *[[:cntrl:]]*) continue ;; esac
        if [ -f "$haui_noted" ] && [ -r "$haui_noted" ] && [ ${#HAUI_FILES} -lt 100000 ]; then
            HAUI_FILES="$HAUI_FILES$haui_area $haui_noted$HAUI_NEWLINE"
        fi
    done
}
HAUI_FILES=

# bounded SECONDS COMMAND…: so that nothing that hangs (a dead NFS server, a dead DNS server) holds up the rest.
bounded() {
    haui_limit=$1
    shift
    timeout -k 1 "$haui_limit" "$@" </dev/null 2>/dev/null
}

# become_bounded SECONDS COMMAND…: the same where nothing is left to do, in $(…) or at the end of a pipe: saves a fork.
become_bounded() {
    haui_limit=$1
    shift
    exec timeout -k 1 "$haui_limit" "$@" </dev/null 2>/dev/null
}

# fact_yes KEY COMMAND…: yes when COMMAND succeeds, else no.
fact_yes() {
    haui_fact=$1
    shift
    if "$@" >/dev/null 2>&1; then fact "$haui_fact" yes; else fact "$haui_fact" no; fi
}

# now: seconds since the epoch, with nanoseconds where date has them.
now() {
    date +%s.%N
}

# ticks: sets haui_ticks, hundredths of a second on a clock that nobody sets.
ticks() {
    read -r haui_ticks _ </proc/uptime
    haui_ticks=${haui_ticks%.*}${haui_ticks#*.}
}

# kernel_names: sets haui_node, haui_release and haui_machine. Asked for once. The kernel's files say what uname would,
# without a program (the machine since Linux 6.1).
kernel_names() {
    [ -z "${haui_machine:-}" ] || return 0
    haui_folder=${HAUI_ROOT:-}/proc/sys/kernel
    if [ -f "$haui_folder/arch" ]; then
        { read -r haui_machine <"$haui_folder/arch" && read -r haui_release <"$haui_folder/osrelease" &&
            read -r haui_node <"$haui_folder/hostname"; } 2>/dev/null || haui_machine=
        case ${haui_machine:-/}${haui_release:-/}${haui_node:-/} in
            *[!A-Za-z0-9._+~:-]*) ;;
            *) return 0 ;;
        esac
    fi
    # shellcheck disable=SC2046  # none of the three has a blank in it
    set -- $(uname -nrm)
    # shellcheck disable=SC2034  # for those who call this
    haui_node=${1:-} haui_release=${2:-} haui_machine=${3:-}
}

# booted_systemd: whether there is a systemd to ask; without it each of its commands would start only to fail.
booted_systemd() {
    [ -d "${HAUI_ROOT:-}/run/systemd/system" ] && have systemctl
}

# user_id: sets haui_uid, the effective one. Asked for once. The shell's own status says it without a program.
user_id() {
    [ -z "${haui_uid:-}" ] || return 0
    haui_count=0
    if [ -f "${HAUI_ROOT:-}/proc/self/status" ]; then
        while [ "$haui_count" -lt 12 ] && read -r haui_word _ haui_uid _; do
            [ "$haui_word" != Uid: ] || break
            haui_uid=
            haui_count=$((haui_count + 1))
        done <"${HAUI_ROOT:-}/proc/self/status"
    fi 2>/dev/null
    case ${haui_uid:-} in
        '' | *[!0-9]*) haui_uid=$(id -u) ;;
    esac
}

# virtual: sets haui_virtual, what systemd-detect-virt says. Asked for once; systemd itself has told facts_manager.
virtual() {
    [ -z "${haui_virtual:-}" ] || return 0
    # The mark of a container that it would look for.
    if [ -e "${HAUI_ROOT:-}/.dockerenv" ] && ! booted_systemd; then
        haui_virtual=docker
        return
    fi
    haui_virtual=$(systemd-detect-virt 2>/dev/null </dev/null)
    haui_virtual=${haui_virtual%%"$HAUI_NEWLINE"*}
}

# tmp_and_zone: sets haui_mode, the octal mode of /tmp, and haui_zone, where the link /etc/localtime leads to. One program
# for both, asked once; disks_ask knows by then whether file systems answer.
tmp_and_zone() {
    [ -z "${haui_zoned:-}" ] || return 0
    haui_zoned=yes haui_mode='' haui_zone=''
    # shellcheck disable=SC2086  # a command and its options, or nothing
    haui_said=$(QUOTING_STYLE=literal ${haui_careful:-} stat -c '%a %N' "${HAUI_ROOT:-}/tmp/." "${HAUI_ROOT:-}/etc/localtime" 2>/dev/null </dev/null)
    haui_line=${haui_said%%"$HAUI_NEWLINE"*}
    # shellcheck disable=SC2034  # for facts_disks_lib
    case $haui_line in *"/tmp/." | *"/tmp/.'") haui_mode=${haui_line%% *} ;; esac
    case $haui_said in *' -> '*) haui_zone=${haui_said##* -> } && haui_zone=${haui_zone%"'"} ;; esac
}

# facts_end: the last line; without it the reader knows that something was cut off.
facts_end() {
    printf 'end\tok\n'
}

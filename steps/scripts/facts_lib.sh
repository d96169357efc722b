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

# kernel_names: sets haui_node, haui_release and haui_machine. Asked for once.
kernel_names() {
    [ -z "${haui_machine:-}" ] || return 0
    # shellcheck disable=SC2046  # none of the three has a blank in it
    set -- $(uname -nrm)
    # shellcheck disable=SC2034  # for those who call this
    haui_node=${1:-} haui_release=${2:-} haui_machine=${3:-}
}

# booted_systemd: whether there is a systemd to ask; without it each of its commands would start only to fail.
booted_systemd() {
    [ -d "${HAUI_ROOT:-}/run/systemd/system" ] && have systemctl
}

# user_id: sets haui_uid. Asked for once.
user_id() {
    [ -n "${haui_uid:-}" ] || haui_uid=$(id -u)
}

# virtual: sets haui_virtual, what systemd-detect-virt says. Asked for once.
virtual() {
    [ -z "${haui_virtual:-}" ] || return 0
    haui_virtual=$(systemd-detect-virt 2>/dev/null </dev/null)
    haui_virtual=${haui_virtual%%"$HAUI_NEWLINE"*}
}

# fact_addresses KEY TEXT: the addresses that getent ahosts has told, each once.
fact_addresses() {
    haui_told=' '
    while read -r haui_address _; do
        case $haui_told in
            *" $haui_address "*) ;;
            *)
                haui_told="$haui_told$haui_address "
                [ -z "$haui_address" ] || fact "$1" "$haui_address"
                ;;
        esac
        [ ${#haui_told} -lt 2000 ] || break
    done <<EOF
$2
EOF
}

# facts_end: the last line; without it the reader knows that something was cut off.
facts_end() {
    printf 'end\tok\n'
}

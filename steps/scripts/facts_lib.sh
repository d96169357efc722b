# shellcheck shell=sh
# How a script tells facts: lines KEY<TAB>VALUE on stdout, one line each; a key may stand several times.

HAUI_RETURN=$(printf '\r')

# fact KEY VALUE…: one fact. The value is cut to 4000 characters; tabs and line breaks become blanks.
# No subshell: a host tells some two hundred of them, and each fork would cost more than the fact itself.
fact() {
    haui_key=$1
    shift
    haui_value=$*
    case $haui_value in
        *["$HAUI_TAB$HAUI_NEWLINE$HAUI_RETURN"]*)
            set -f
            IFS=$HAUI_TAB$HAUI_NEWLINE$HAUI_RETURN
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

# facts_end: the last line; without it the reader knows that something was cut off.
facts_end() {
    printf 'end\tok\n'
}

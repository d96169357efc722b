# shellcheck shell=sh
# Dials, pings and packets of full size to other hosts. Facts, NAME being a host's or endpoint:, router:, virtual:
#   dial      NAME ADDRESS PORT RESULT ANSWER        over TCP; ANSWER: the first line that came back, or -
#   udp       NAME ADDRESS PORT GOOD TRIES RESULT ANSWER
#   ping      NAME ADDRESS SENT RECEIVED AVERAGE MAXIMUM       milliseconds, - when nothing came back
#   size      NAME ADDRESS MTU RESULT BEST DEVICE    RESULT: passed, failed, unanswered (no ping at all), unknown; BEST: the
#                                                    largest size that passed, 0 when none did
#   needs     a program that is missing on this host; a row each
# RESULT of dials:
#   open          connected, and something came back
#   silent        connected, nothing came back in 2 s
#   closed        connected, and closed without a word
#   refused       nothing listens there, or a firewall says so
#   rejected      a firewall or router on the way answers that it is not allowed
#   dropped       no answer at all in 4 s
#   absent        nobody in the network segment answers for the address, or for the router on the way
#   unreachable   this host has no route
#   denied        this host's own firewall
#   unresolved    the name is not known
#   failed        anything else

# Bash, since it can dial without any other program.
# shellcheck disable=SC2016  # a program of its own
DIAL_TCP='
exec 3<>"/dev/tcp/$1/$2" || exit
echo connected
IFS= read -r -t 2 -n 200 line <&3 2>/dev/null
status=$?
if [ -n "$line" ]; then printf "said %s\n" "$line"
elif [ "$status" -gt 128 ]; then echo silent
else echo closed
fi
'
# A datagram has to be read in one go, which bash does not. ANSWER comes last, after the count.
# shellcheck disable=SC2016  # a program of its own
DIAL_UDP='
exec 3<>"/dev/udp/$1/$2" || exit
good=0 line= error=
for ((try = 0; try < $4; try++)); do
    if ! trouble=$(printf "haui %s\n" "$3" 2>&1 >&3); then error=$trouble; continue; fi
    answer=$(timeout 0.8 dd bs=512 count=1 status=none <&3 2>&1)
    case $answer in
        haui*) good=$((good + 1)); line=$answer ;;
        ?*) error=$answer ;;
    esac
done
[ -z "$error" ] || printf "%s\n" "$error"
printf "good %s %s\n" "$good" "$line"
'

# told TEXT: TEXT as one printable line, or -.
told() {
    case $1 in
        '') printf -- - ;;
        *[!A-Za-z0-9._:/\ -]*) printf '%s' "$1" | LC_ALL=C tr -c '[:print:]' ' ' ;;
        *) printf '%s' "$1" ;;
    esac
}

# absent ADDRESS: whether nobody in the segment has answered for it, or for the router on the way to it.
absent() {
    hop=$(ip -o route get "$1" 2>/dev/null | sed -n 's/.* via \([^ ]*\).*/\1/p')
    case $(ip neigh show to "${hop:-$1}" 2>/dev/null) in
        *FAILED* | *INCOMPLETE*) return 0 ;;
    esac
    return 1
}

# trouble TEXT ADDRESS: the result that a system error means.
trouble() {
    case $1 in
        *efused*) echo refused ;;
        *"o route to host"*) if absent "$2"; then echo absent; else echo rejected; fi ;;
        *"etwork is unreachable"*) echo unreachable ;;
        *"ermission denied"* | *"not permitted"*) echo denied ;;
        *"not known"* | *"name resolution"* | *"ddress associated"*) echo unresolved ;;
        '' | *"timed out"*) if absent "$2"; then echo absent; else echo dropped; fi ;;
        *eset*) echo closed ;;
        *) echo failed ;;
    esac
}

# dial_tcp NAME ADDRESS PORT
dial_tcp() {
    said=$(timeout -k 1 4 bash --norc -c "$DIAL_TCP" dial "$2" "$3" </dev/null 2>&1)
    answer=
    case $said in
        connected*"${HAUI_NEWLINE}said "*) result=open answer=${said#*"${HAUI_NEWLINE}said "} ;;
        connected*closed*) result=closed ;;
        connected*) result=silent ;;
        *) result=$(trouble "$said" "$2") ;;
    esac
    printf 'dial\t%s %s %s %s %s\n' "$1" "$2" "$3" "$result" "$(told "$answer")"
}

# dial_udp NAME ADDRESS PORT
dial_udp() {
    said=$(timeout -k 1 8 bash --norc -c "$DIAL_UDP" dial "$2" "$3" "$HAUI_CLUSTER" "$HAUI_UDP_TRIES" </dev/null 2>&1)
    last=${said##*"$HAUI_NEWLINE"}
    case $last in
        "good "*) last=${last#good } ;;
        *) last="0 " ;;
    esac
    good=${last%% *} answer=${last#* }
    if [ "$good" -gt 0 ]; then
        result=open
    else
        result=$(trouble "${said%good *}" "$2")
    fi
    printf 'udp\t%s %s %s %s %s %s %s\n' "$1" "$2" "$3" "$good" "$HAUI_UDP_TRIES" "$result" "$(told "$answer")"
}

# ping_often NAME ADDRESS
ping_often() {
    timeout -k 1 12 ping -n -q -c "$HAUI_PINGS" -i 0.1 -W 2 -w 9 "$2" </dev/null 2>/dev/null | awk -v who="$1 $2" '
        / packets transmitted/ { sent = $1; got = $4 }
        /^(rtt|round-trip)/ { split($4, part, "/"); average = part[2]; most = part[3] }
        END { if (sent) printf "ping\t%s %d %d %s %s\n", who, sent, got, average == "" ? "-" : average, most == "" ? "-" : most }'
}

# one_size SIZE OVERHEAD ADDRESS TIMES: whether packets of SIZE bytes come back whole.
one_size() {
    timeout -k 1 3 ping -n -q -M "do" -c "$4" -i 0.2 -W 1 -s $(($1 - $2)) "$3" </dev/null >/dev/null 2>&1
}

# full_size NAME ADDRESS: a packet as large as the interface allows, and the largest usual one when it does not pass.
full_size() {
    device=$(ip -o route get "$2" 2>/dev/null | sed -n 's/.* dev \([^ ]*\).*/\1/p')
    mtu=$(ip -o link show dev "$device" 2>/dev/null | sed -n 's/.* mtu \([0-9]*\).*/\1/p')
    overhead=28
    case $2 in *:*) overhead=48 ;; esac
    best=0
    if [ -z "$device" ] || [ -z "$mtu" ]; then
        result=unknown
    elif one_size "$mtu" "$overhead" "$2" 3; then
        result=passed best=$mtu
    elif ! one_size 84 "$overhead" "$2" 2; then
        result=unanswered
    else
        result=failed
        for size in 8950 1500 1480 1450 1400 1280; do
            if [ "$size" -lt "$mtu" ] && one_size "$size" "$overhead" "$2" 2; then
                best=$size
                break
            fi
        done
    fi
    printf 'size\t%s %s %s %s %s %s\n' "$1" "$2" "${mtu:--}" "$result" "$best" "${device:--}"
}

# each KIND COMMAND…: COMMAND for each line of the plan of that kind, 40 at once.
each() (
    kind=$1
    shift
    running=0
    while read -r what name address port; do
        [ "$what" = "$kind" ] || continue
        "$@" "$name" "$address" "$port" &
        running=$((running + 1))
        if [ "$running" -ge 40 ]; then
            wait
            running=0
        fi
    done <"$HAUI_INPUTS/plan"
    wait
)

# shellcheck shell=sh
# haui: include facts_lib preflight_python_lib preflight_listen_lib
# Rehearsal: listens for a moment on the ports that the install will use. Facts:
#   listener   python3 | socket-activate | none
#   why        why nobody listens, in plain words; only with `none`
#   taken      the cluster for which another haui listens here
#   listen     PROTO ADDRESS PORT STATE; STATE: listening, busy (somebody else has the port), absent (the address is not
#              on this host), untried (nothing here can), failed

# listen COMMAND…: starts it, waits until it says what became of each port, and tells that.
listen() {
    kind=$1
    shift
    if ! said=$(start_unit "$@"); then
        fact listener none
        fact why "systemd-run: ${said:-no answer}"
        return
    fi
    tries=70
    while [ ! -e "$FOLDER/ready" ] && [ "$tries" -gt 0 ]; do
        sleep 0.1
        tries=$((tries - 1))
    done
    if [ -e "$FOLDER/ready" ]; then
        fact listener "$kind"
        fact_lines listen <"$FOLDER/ready"
    else
        fact listener none
        fact why "the listener did not start within 7 seconds"
    fi
}

listen_somehow() {
    if [ -z "$HAUI_LISTEN" ]; then
        fact listener none
        fact why "nobody needs a port of this host"
        return
    fi
    if ! have systemd-run; then
        fact listener none
        fact why "needs systemd-run on the host"
        return
    fi
    for_whom=$(listening_for)
    if [ "$for_whom" = "$HAUI_CLUSTER" ]; then
        # Left by a rehearsal of the same cluster that could not come to its end.
        bounded 15 systemctl stop "$UNIT"
    elif [ -n "$for_whom" ]; then
        fact taken "$for_whom"
        fact listener none
        fact why "another haui rehearses here, for the cluster $for_whom"
        return
    fi
    set -- "$(connection)" "$HAUI_GRACE_S"
    for one in $HAUI_LISTEN; do
        set -- "$@" "${one%/*}/$HAUI_ADDRESS/${one#*/}"
    done
    if program=$(python); then
        listen python3 "$program" -I -S -c "$LISTENER_PYTHON" "$FOLDER" "$HAUI_CLUSTER" "$HAUI_HOST" "$@"
    elif have systemd-socket-activate; then
        listen socket-activate /bin/sh -c "$LISTENER_SHELL" sh "$FOLDER" "$HAUI_CLUSTER" "$HAUI_HOST" "$@"
    else
        fact listener none
        fact why "needs python3 or systemd-socket-activate on the host"
    fi
}

listen_somehow
facts_end
exit 0

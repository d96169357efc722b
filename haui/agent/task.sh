#!/bin/sh
# Starts, follows and cancels tasks, and tells their states; haui/transport/wire.py describes its dialogue.
#
# A task lives in ROOT/RUN/STEP.ATTEMPT/: `script`, `env` and `runner` as sent, `meta` (its presence
# means that the task was begun), `out`, `changed`, `pid`, `live` (locked while the runner lives) and
# `rc`. ROOT/lock orders everybody who looks at or begins tasks, so that one id never runs twice.
# What is secret is only ever in STAGE, in tmpfs, and goes away with the task.
LC_ALL=C
export LC_ALL
umask 077
root=${HAUI_STATE_ROOT:-/var/lib/haui}
stages=${HAUI_RUN_ROOT:-/run/haui}
tab=$(printf '\t')

fail() {
    echo "haui: $1" >&2
    exit 1
}

# Names become paths and unit names.
plain() {
    case $1 in
    '' | .* | *[!A-Za-z0-9._-]*) fail "not a plain name: $1" ;;
    esac
}

by_systemd() { [ -d /run/systemd/system ] && [ -z "${HAUI_STATE_ROOT:-}" ]; }

lock() {
    exec 9>"$root/lock" || fail "cannot write to $root"
    flock -w 60 "$1" 9 || fail "another haui holds $root/lock"
}

unlock() { exec 9>&-; }

select_task() {
    task=$1
    claim=$root/$HAUI_RUN/$task
    stage=$stages/task.$HAUI_RUN.$task
    unit=haui-$HAUI_RUN-$task.service
}

# alive: whether the runner lives, or its unit still has processes to end.
alive() {
    [ ! -e "$claim/live" ] || flock -n -s "$claim/live" true || return 0
    by_systemd || return 1
    case $(systemctl show -p ActiveState --value "$unit" 2>/dev/null) in
    active | activating | deactivating | reloading) return 0 ;;
    esac
    return 1
}

# read_rc: the exit status that the runner left; what is none is as good as nothing.
read_rc() {
    rc=
    if [ -e "$claim/rc" ] && read -r rc <"$claim/rc"; then
        case $rc in
        [0-9] | [0-9][0-9] | [0-9][0-9][0-9]) return 0 ;;
        esac
    fi
    rc=
    return 1
}

# look: sets status, rc and bytes. The order matters: see haui.host.TaskStatus.
look() {
    find_status
    bytes=0
    [ ! -e "$claim/out" ] || bytes=$(stat -c %s "$claim/out")
    if [ "$status" != running ] && [ -e "$stage" ]; then
        rm -rf "$stage"
    fi
}

find_status() {
    if read_rc; then
        status='done'
    elif [ ! -s "$claim/meta" ]; then
        status=absent
    elif ! grep -qxF "boot_id=$(cat /proc/sys/kernel/random/boot_id)" "$claim/meta"; then
        status=rebooted
    elif alive; then
        status=running
    elif read_rc; then
        status='done' # it ended while we looked
    else
        status=died
    fi
}

answer() { printf '%s\t%s\t%s\t%s\n' "$1" "$status" "$rc" "$bytes"; }

# write_claim: everything that is needed to run, on disk; `meta` last, since it makes it a task.
write_claim() {
    mkdir -p "$claim" "$stages" &&
        cp "$HAUI_INPUTS/script" "$HAUI_INPUTS/env" "$HAUI_INPUTS/runner" "$claim/" &&
        : >"$claim/out" &&
        rm -rf "$stage" && mkdir "$stage" &&
        mv "$HAUI_INPUTS/manifest" "$stage/" || return 1
    for part in files inputs; do
        [ ! -e "$HAUI_INPUTS/$part" ] || mv "$HAUI_INPUTS/$part" "$stage/" || return 1
    done
    mkdir -p "$stage/inputs" &&
        {
            echo "boot_id=$(cat /proc/sys/kernel/random/boot_id)"
            echo "sha256=$(cat "$claim/script" "$claim/env" "$stage/manifest" | sha256sum | cut -c 1-64)"
            echo "at=$(date -u +%Y-%m-%dT%H:%M:%SZ)"
            echo "timeout=$HAUI_TIMEOUT"
        } >"$claim/meta.new" &&
        sync "$claim/script" "$claim/env" "$claim/runner" "$claim/meta.new" &&
        mv -f "$claim/meta.new" "$claim/meta" && sync "$claim" "$root/$HAUI_RUN"
}

launch() {
    set -- /bin/sh "$claim/runner" "$claim" "$stage" "$root" "$HAUI_TIMEOUT"
    if by_systemd; then
        systemd-run --quiet --collect --no-ask-password --unit="$unit" --service-type=exec \
            --description="haui $task" -p "RuntimeMaxSec=$((HAUI_TIMEOUT + 120))" \
            -p TimeoutStopSec=20 "$@" 9>&- </dev/null >&2
    else
        setsid "$@" </dev/null >/dev/null 2>&1 9>&- &
    fi
}

# The runner is there once it has written `pid`; until then nobody else may look.
await_runner() {
    tries=500
    while [ ! -e "$claim/pid" ] && [ ! -e "$claim/rc" ] && [ "$tries" -gt 0 ]; do
        sleep 0.02
        tries=$((tries - 1))
    done
}

start() {
    mkdir -p "$root/$HAUI_RUN" || fail "cannot write to $root"
    lock -x
    look
    if [ "$status" = absent ]; then
        rm -rf "$claim"
        if ! write_claim || ! launch; then
            # Nothing has begun: leave no trace, so that the same id can be tried again.
            rm -rf "$claim" "$stage"
            fail "cannot begin the task under $root"
        fi
        await_runner
        look
    fi
    unlock
    answer state
}

states() {
    [ -d "$root/$HAUI_RUN" ] || return 0
    lock -s
    for folder in "$root/$HAUI_RUN"/*.*; do
        [ -d "$folder" ] || continue
        select_task "${folder##*/}"
        # Somebody's copy of a folder is no attempt.
        case ${task##*.} in *[!0-9]* | '') continue ;; esac
        look
        answer "task$tab${task%.*}$tab${task##*.}"
    done
    unlock
}

follow() {
    status=absent
    bytes=0
    if [ -d "$claim" ]; then
        lock -s
        look
        unlock
    fi
    from=$((HAUI_OFFSET + 1))
    if [ "$status" = running ]; then
        exec 3<&0
        flock -s "$claim/live" true 3<&- >/dev/null 2>&1 &
        waiter=$!
        # Standard input ends when the client goes away: then there is nobody to print for.
        { cat <&3; kill "$waiter"; } >/dev/null 2>&1 &
        watcher=$!
        tail -c "+$from" -f -s 0.1 --pid="$waiter" "$claim/out" 3<&- 2>/dev/null
        kill "$watcher" 2>/dev/null || exit 1
        # The unit may still be ending processes that the script left behind.
        tries=300
        while look && [ "$status" = running ] && [ "$tries" -gt 0 ]; do
            sleep 0.1
            tries=$((tries - 1))
        done
    elif [ -e "$claim/out" ]; then
        tail -c "+$from" "$claim/out"
    fi
    echo
    answer "$HAUI_MARK"
}

stop_runner() {
    if by_systemd; then
        systemctl stop "$unit" >&2
        return 0
    fi
    read -r pid <"$claim/pid" || return 0
    kill -TERM "$pid" 2>/dev/null
    flock -w 15 -s "$claim/live" true || kill -KILL "$pid" 2>/dev/null
}

cancel() {
    status=absent
    bytes=0
    if [ -d "$claim" ]; then
        lock -x
        look
        if [ "$status" = running ]; then
            # First the result, then the end: the runner never overwrites a result.
            echo 130 >"$claim/rc.cancel" || fail "cannot write to $claim"
            sync "$claim/rc.cancel"
            ln "$claim/rc.cancel" "$claim/rc" 2>/dev/null
            sync "$claim"
            stop_runner
            look
        fi
        unlock
    fi
    answer state
}

rc=
plain "$HAUI_RUN"
if [ "$HAUI_VERB" != states ]; then
    plain "$HAUI_STEP"
    plain "$HAUI_ATTEMPT"
    select_task "$HAUI_STEP.$HAUI_ATTEMPT"
fi
case $HAUI_VERB in
start) start ;;
states) states ;;
follow) follow ;;
cancel) cancel ;;
*) fail "unknown verb $HAUI_VERB" ;;
esac

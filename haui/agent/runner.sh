# shellcheck shell=sh
# Runs one claimed task to its end: places files, runs the script, leaves `rc`. Sent with lib.sh in front.
#
# Called as `runner CLAIM STAGE ROOT TIMEOUT` by a transient systemd unit, or by setsid where systemd
# is not in charge. It holds a lock on CLAIM/live for as long as it lives, which is how others know
# (the kernel lets go of it however the process ends). `rc` appears whole or not at all, and who
# makes it first wins: a cancel may have been faster.
LC_ALL=C
export LC_ALL
umask 022
claim=$1
stage=$2
root=$3
limit=$4
tab=$(printf '\t')
HAUI_BEFORE=$root/before
export HAUI_BEFORE

exec 8>"$claim/live" || exit 1
flock -x 8 || exit 1
exec >>"$claim/out" 2>&1 </dev/null || exit 1

child=
stopped=
trap 'stopped=1; [ -z "$child" ] || kill -TERM "$child" 2>/dev/null' TERM INT HUP
echo "$$" >"$claim/pid.new" && mv -f "$claim/pid.new" "$claim/pid" || exit 1

# keep_output: from the script to `out` as it comes, up to a limit: a script gone wild must not fill the disk. What is
# over it is read and thrown away, so that nobody who prints is stopped.
most_blocks=131072 # of 512 bytes: 64 MiB
keep_output() {
    trap '' TERM INT HUP XFSZ
    (ulimit -f "$most_blocks" && exec cat) 2>/dev/null && return 0
    if [ "$(stat -c %s "$claim/out")" -ge "$((most_blocks * 512))" ]; then
        printf '\nhaui: more than %s MiB of output; the rest was not kept\n' "$((most_blocks / 2048))"
    else
        printf '\nhaui: the output could not be written to the end\n'
    fi
    cat >/dev/null
}

finish() {
    # Whoever reads `rc` finds the whole output. A process that was left behind may hold on to it; for that nobody waits.
    [ -z "$child" ] || flock -w 2 -x "$stage/output.lock" true
    rm -rf "$stage"
    sync "$claim/out"
    # Stopped from outside (a shutdown, somebody's systemctl stop): there is no result to report.
    [ -z "$stopped" ] || exit 1
    echo "$1" >"$claim/rc.new.$$" && sync "$claim/rc.new.$$" || exit 1
    ln "$claim/rc.new.$$" "$claim/rc" 2>/dev/null
    rm -f "$claim/rc.new.$$"
    sync "$claim"
    exit 0
}

refuse() {
    echo "haui: $1"
    finish 125
}

# as_wanted SOURCE MODE PATH: whether the file is there already, content, mode and owner.
as_wanted() {
    [ -f "$3" ] && [ ! -L "$3" ] && cmp -s "$1" "$3" || return 1
    found=$(stat -c '%a %u:%g' "$3")
    [ "$found" = "$2 $owner" ]
}

# place SOURCE MODE PATH: atomically, content on disk before the name.
place() {
    folder=${3%/*}
    mkdir -p "${folder:-/}" || return 1
    new=$(mktemp "$folder/.haui.XXXXXXXX") || return 1
    if cat "$1" >"$new" && chown "$owner" "$new" && chmod "$2" "$new" && sync "$new" &&
        mv -fT "$new" "$3"; then
        sync "${folder:-/}"
        return 0
    fi
    rm -f "$new"
    return 1
}

owner=$(id -u):$(id -g)
: >"$claim/changed"
if [ -s "$stage/manifest" ]; then
    (umask 077 && mkdir -p "$root/before") || refuse "cannot write to $root"
    while IFS=$tab read -r index mode path family; do
        [ -z "$family" ] || [ "$family" = "$(os_family)" ] || continue
        as_wanted "$stage/files/$index" "$mode" "$path" && continue
        (keep_before "$path" && note_wrote "$path" "$stage/files/$index") ||
            refuse "cannot keep a copy of $path under $root/before"
        place "$stage/files/$index" "$mode" "$path" || refuse "cannot place $path"
        printf '%s\n' "$path" >>"$claim/changed"
        printf '%s\t%s\t%s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "${claim#"$root/"}" "$path" \
            >>"$root/changes"
    done <"$stage/manifest"
fi

if ! mkfifo -m 600 "$stage/output"; then
    refuse "cannot write to $stage"
fi
if ! exec 7>"$stage/output.lock" || ! flock -x 7; then
    refuse "cannot lock $stage/output.lock"
fi
(
    exec 8>&- <"$stage/output"
    keep_output
) &
exec 7>&-
(
    exec 8>&-
    while IFS= read -r line; do
        export "${line%%=*}=${line#*=}"
    done <"$claim/env"
    HAUI_INPUTS=$stage/inputs
    HAUI_CHANGED=$claim/changed
    export HAUI_INPUTS HAUI_CHANGED
    # The limit is kept here so that it leaves status 124; the unit's own limit is a safety net.
    exec timeout -k 10 "$limit" /bin/sh "$claim/script"
) >"$stage/output" 2>&1 &
child=$!
[ -z "$stopped" ] || kill -TERM "$child" 2>/dev/null
while :; do
    wait "$child"
    rc=$?
    # A trapped signal ends `wait` early: the child is still there, then.
    if [ -z "$stopped" ] || ! kill -0 "$child" 2>/dev/null; then
        break
    fi
done
[ "$rc" -ne 124 ] || echo "haui: stopped after $limit s, the time limit of this step"
finish "$rc"

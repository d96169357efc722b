# shellcheck shell=sh
# shellcheck disable=SC2317,SC2329  # functions that are called by their names
# haui: include reset_begin_lib
# Ends what an earlier run of haui has left running here: what is taken back must not be made at the same time.
set -eu

ended() {
    [ -z "$(running_tasks)" ]
}

running_tasks | while IFS= read -r claim; do
    task=${claim##*/}
    run=${claim%/*}
    echo "ending $task"
    # First the result, then the end, as for a task that is cancelled.
    echo 130 >"$claim/rc.cancel"
    sync "$claim/rc.cancel"
    ln "$claim/rc.cancel" "$claim/rc" 2>/dev/null || :
    systemctl stop "haui-${run##*/}-$task.service" || :
    flock -w 15 -s "$claim/live" true || { read -r pid <"$claim/pid" && kill -KILL "$pid"; } || :
done
wait_until 60 ended || die "tasks of an earlier run do not end: $(oneline "$(running_tasks)")" "end these processes, then try again"

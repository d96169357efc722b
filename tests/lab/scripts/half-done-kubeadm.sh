#!/bin/sh
# Stands in front of kubeadm on a host of the lab and lets `kubeadm init` or `join` go only as far as PLAN says, once.
# Lines of PLAN: `phase NAME…` runs that phase alone, `until PATH` runs all of it and kills it with SIGKILL as soon as
# PATH is there, `run SHELL` does something else, `say TEXT` leaves a line in the output, `real` goes on to the end. Then it waits to be ended.
here=/run/half-done
real=/usr/bin/kubeadm

case "$1 ${2:-}" in
    "init --config" | "join --config") ;;
    *) exec "$real" "$@" ;;
esac
mkdir -p "$here"
echo "$$" >"$here/pid"
: >"$here/begun"
while [ ! -e "$here/plan" ]; do sleep 0.1; done
mv "$here/plan" "$here/taken"
verb=$1
config=$3
while read -r how what; do
    case $how in
        real) exec "$real" "$@" ;;
        phase)
            # shellcheck disable=SC2086  # "control-plane-prepare download-certs" is two words
            "$real" "$verb" phase $what --config "$config" </dev/null || exit
            ;;
        until)
            "$real" "$@" </dev/null &
            running=$!
            while [ ! -e "$what" ] && kill -0 "$running" 2>/dev/null; do sleep 0.01; done
            kill -KILL "$running"
            ;;
        run) sh -c "$what" ;;
        say) echo "half-done: $what" ;;
    esac
done <"$here/taken"
: >"$here/stopped"
exec sleep 900

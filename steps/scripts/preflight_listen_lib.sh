# shellcheck shell=sh
# The listeners of the rehearsal: one transient unit. It ends by itself soon after haui's connection did, however haui
# ended, and in any case after $HAUI_LISTEN_S. They answer everybody with `haui CLUSTER HOST PORT`, so that who dials sees
# whom it has got, and are called haui-probe, so that a later haui knows whose the ports are (steps/checks/ports.py).
# Nothing is written but $FOLDER, a runtime directory that systemd removes with the unit.
# systemd replaces $ in braces, double $ and % in the arguments of a unit: the programs below do without.

UNIT=haui-probe.service
# shellcheck disable=SC2034  # used by the scripts that follow
FOLDER=${HAUI_ROOT:-}/run/haui-probe

# unit_property NAME: of the unit; empty when there is none.
unit_property() {
    bounded 5 systemctl show -p "$1" "$UNIT" | sed -n "s/^$1=//p"
}

# listening_for: the cluster for which somebody listens here now; nothing when nobody does.
listening_for() {
    case $(unit_property ActiveState) in
        active | activating | deactivating) unit_property Description | sed -n 's/^haui rehearsal of //p' ;;
    esac
}

# connection: what is in /proc for as long as haui's connection lasts, that is, the sshd that serves it (sshd-session
# since OpenSSH 9.8). Where nothing of that name has started us: /proc/self, which never goes away.
connection() {
    process=$$
    while [ "${process:-1}" -gt 1 ]; do
        name='' parent=''
        while read -r key value; do
            case $key in
                Name:) name=$value ;;
                PPid:) parent=$value ;;
            esac
        done 2>/dev/null <"/proc/$process/status"
        case $name in
            sshd*) echo "/proc/$process" && return ;;
        esac
        process=$parent
    done
    echo /proc/self
}

# start_unit COMMAND…: as the transient unit.
start_unit() {
    timeout -k 1 20 systemd-run --quiet --collect --no-ask-password --unit="$UNIT" \
        --description="haui rehearsal of $HAUI_CLUSTER" -p "RuntimeMaxSec=$HAUI_LISTEN_S" -p RuntimeDirectory=haui-probe \
        -p RuntimeDirectoryMode=0700 -p TimeoutStopSec=5 "$@" </dev/null 2>&1
}

# Arguments: folder, cluster, host, what to watch, seconds, then PROTO/ADDRESS/PORT… Writes what became of each to
# folder/ready. Ends that many seconds after what it watches is gone: haui may have lost its connection and be back soon.
# After an answer it waits for the other side to close, which then keeps the memory of the connection: so the port is
# free for its owner at once. Datagrams that are not haui's get no answer.
# shellcheck disable=SC2016,SC2034  # a program, used by the scripts that follow
LISTENER_PYTHON='
import errno, os, selectors, socket, struct, sys, time
folder, cluster, host, watched, grace = sys.argv[1:6]
with open("/proc/self/comm", "w") as name:
    name.write("haui-probe")
wait = selectors.DefaultSelector()
said, calls = [], {}
words = {errno.EADDRINUSE: "busy", errno.EADDRNOTAVAIL: "absent"}
for one in sys.argv[6:]:
    proto, address, port = one.split("/")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        kind = socket.SOCK_STREAM if proto == "tcp" else socket.SOCK_DGRAM
        s = socket.socket(family, kind)
        if proto == "tcp":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((address, int(port)))
        if proto == "tcp":
            s.listen(128)
        s.setblocking(False)
        wait.register(s, selectors.EVENT_READ, (proto, port))
        state = "listening"
    except OSError as error:
        s.close()
        state = words.get(error.errno, "failed")
    said.append(" ".join((proto, address, port, state)))
with open(os.path.join(folder, "new"), "w") as out:
    out.write("\n".join(said) + "\n")
os.rename(os.path.join(folder, "new"), os.path.join(folder, "ready"))

def end(s, hard):
    wait.unregister(s)
    calls.pop(s, None)
    try:
        if hard:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        pass
    s.close()

seen = time.monotonic()
while True:
    if os.path.exists(watched):
        seen = time.monotonic()
    elif time.monotonic() - seen >= float(grace):
        break
    for key, _ in wait.select(1):
        s = key.fileobj
        try:
            if key.data is None:
                if not s.recv(512):
                    end(s, False)
                continue
            proto, port = key.data
            answer = " ".join(("haui", cluster, host, port)).encode() + b"\n"
            if proto == "udp":
                data, sender = s.recvfrom(512)
                if data.startswith(b"haui " + cluster.encode()):
                    s.sendto(answer, sender)
            elif len(calls) < 500:
                call = s.accept()[0]
                call.setblocking(False)
                try:
                    call.send(answer)
                    wait.register(call, selectors.EVENT_READ, None)
                    calls[call] = time.monotonic()
                except OSError:
                    call.close()
        except OSError:
            if key.data is None:
                end(s, True)
    old = time.monotonic() - 5
    for call in [call for call, since in calls.items() if since < old]:
        end(call, True)
'

# The same for hosts without Python: TCP only, and the answer does not name the port. A process is called as the link
# that it was started by.
# shellcheck disable=SC2016,SC2034  # a program, used by the scripts that follow
LISTENER_SHELL='
folder=$1 token="haui $2 $3" watched=$4 grace=$5
shift 5
ln -s "$(command -v systemd-socket-activate)" "$folder/haui-probe"
for one; do
    rest=$(echo "$one" | cut -d/ -f2) port=$(echo "$one" | cut -d/ -f3)
    case $rest in *:*) rest="[$rest]" ;; esac
    case $one in
        tcp/*)
            "$folder/haui-probe" --accept --inetd --listen="$rest:$port" /bin/echo "$token" >/dev/null 2>&1 &
            echo "$one/$!" ;;
        *) echo "$one/-" ;;
    esac
done >"$folder/pids"
sleep 1
while IFS=/ read -r proto address port pid; do
    if [ "$proto" = udp ]; then
        state=untried
    elif kill -0 "$pid" 2>/dev/null; then
        state=listening
    else
        state=busy
    fi
    echo "$proto $address $port $state"
done <"$folder/pids" >"$folder/new"
mv "$folder/new" "$folder/ready"
gone=0
while [ "$gone" -lt "$grace" ]; do
    sleep 1
    gone=$((gone + 1))
    [ ! -e "$watched" ] || gone=0
done
'

# shellcheck shell=sh
# Virtual routers that speak on an interface (VRRP, IP protocol 112). The reader sits before any firewall of the host,
# and asks the card for VRRP's multicast addresses, so that it hears others as keepalived would. Facts:
#   vrrp.listened   INTERFACE SECONDS; absent when nobody could listen
#   vrrp.why        why not, in plain words
#   vrrp            ID SOURCE DESTINATION VERSION PRIORITY ADDRESSES; a row each speaker and id; ADDRESSES: comma list or -

# Arguments: interface, seconds.
# shellcheck disable=SC2016  # a program of its own
VRRP_PYTHON='
import array, select, socket, struct, sys, time
name, seconds = sys.argv[1], float(sys.argv[2])
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, 0)
# The kernel passes on only what is VRRP, in IPv4 (byte 9) or IPv6 (byte 6).
steps = (
    (0x30, 0, 0, 0), (0x54, 0, 0, 0xF0), (0x15, 0, 2, 0x40), (0x30, 0, 0, 9), (0x15, 3, 4, 112),
    (0x15, 0, 3, 0x60), (0x30, 0, 0, 6), (0x15, 0, 1, 112), (0x06, 0, 0, 0xFFFF), (0x06, 0, 0, 0),
)
# Not ctypes: a minimal python3 has none.
code = array.array("B", b"".join(struct.pack("HBBI", *one) for one in steps))
s.setsockopt(socket.SOL_SOCKET, 26, struct.pack("HP", len(steps), code.buffer_info()[0]))
s.bind((name, 3))
for mac in (b"\x01\x00\x5e\x00\x00\x12", b"\x33\x33\x00\x00\x00\x12"):
    s.setsockopt(263, 1, struct.pack("iHH8s", socket.if_nametoindex(name), 0, 6, mac))
print("listening", flush=True)
heard, until = set(), time.monotonic() + seconds
while True:
    left = until - time.monotonic()
    if left <= 0 or not select.select([s], [], [], left)[0]:
        break
    data = s.recv(2048)
    six = data[0] >> 4 == 6
    family, width = (socket.AF_INET6, 16) if six else (socket.AF_INET, 4)
    start, body = (8, 40) if six else (12, (data[0] & 15) * 4)
    said = data[body:]
    if len(data) < start + 2 * width or len(said) < 8 or said[0] & 15 != 1 or len(heard) > 200:
        continue
    source, target = (data[at : at + width] for at in (start, start + width))
    held = [said[8 + n * width : 8 + (n + 1) * width] for n in range(min(said[3], 20))]
    names = [socket.inet_ntop(family, one) for one in (source, target, *held) if len(one) == width]
    row = (said[1], names[0], names[1], said[0] >> 4, said[2], ",".join(names[2:]) or "-")
    if row not in heard:
        heard.add(row)
        print("vrrp", *row, flush=True)
'

# vrrp_tcpdump INTERFACE SECONDS: the same by tcpdump.
vrrp_tcpdump() {
    echo listening
    timeout -k 1 "$2" tcpdump -nn -l -v -c 200 -i "$1" 'ip proto 112 or ip6 proto 112' </dev/null 2>/dev/null | awk '
        match($0, /[0-9a-f.:]+ > [0-9a-f.:]+: (ip-proto-112 |)VRRPv[23], Advertisement, /) {
            line = substr($0, RSTART)
            split(line, part, " ")
            sub(/:$/, "", part[3])
            id = line; sub(/.*vrid /, "", id); sub(/[^0-9].*/, "", id)
            priority = line; sub(/.*prio /, "", priority); sub(/[^0-9].*/, "", priority)
            version = line; sub(/.*VRRPv/, "", version); sub(/[^0-9].*/, "", version)
            held = "-"
            if (line ~ /addrs(\([0-9]+\))?: /) {
                held = line; sub(/.*addrs(\([0-9]+\))?: /, "", held); gsub(/[^0-9a-f.:,]+/, ",", held); sub(/,$/, "", held)
            }
            row = "vrrp " id " " part[1] " " part[3] " " version " " priority " " held
            if (!seen[row]++) print row
        }'
}

# facts_vrrp INTERFACE SECONDS
facts_vrrp() {
    if program=$(python); then
        heard=$(timeout -k 1 "$(($2 + 4))" "$program" -I -S -c "$VRRP_PYTHON" "$1" "$2" </dev/null 2>&1)
    elif have tcpdump; then
        heard=$(vrrp_tcpdump "$1" "$2")
    else
        fact vrrp.why "needs python3 or tcpdump on the host"
        return
    fi
    case $heard in
        listening*)
            fact vrrp.listened "$1 $2"
            printf '%s\n' "$heard" | sed -n 's/^vrrp //p' | fact_lines vrrp
            ;;
        *) fact vrrp.why "could not listen on $1: $(printf '%s\n' "$heard" | tail -n 1)" ;;
    esac
}

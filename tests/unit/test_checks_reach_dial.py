"""The script that tries to reach other hosts, and listens for other virtual routers."""

from __future__ import annotations

import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.unit.rehearsing import free_ports, reach, rehearsing, without
from tests.unit.shell_host import ShellHost


@pytest.fixture
def host(tmp_path: Path) -> Iterator[ShellHost]:
    with rehearsing(tmp_path) as made:
        yield made


BASH = """
case $6 in
    1*) echo "bash: connect: $WORD" >&2; exit 1 ;;
    2*) exec sleep 30 ;;
    3*) echo connected; exec sleep 30 ;;
    4*) echo connected; printf 'said \\033[31m\\377\\001x\\ty\\n' ;;
esac
"""


@pytest.mark.parametrize(
    ("error", "neighbour", "result"),
    [
        ("Connection refused", "", "refused"),
        ("No route to host", "10.0.0.1 dev eth0 lladdr 52:54:00:00:00:01 REACHABLE", "rejected"),
        ("No route to host", "10.0.0.1 dev eth0 FAILED", "absent"),
        ("Connection timed out", "", "dropped"),
        ("Connection timed out", "10.0.0.1 dev eth0 INCOMPLETE", "absent"),
        ("Network is unreachable", "", "unreachable"),
        ("Permission denied", "", "denied"),
        ("Operation not permitted", "", "denied"),
        ("Name or service not known", "", "unresolved"),
        ("Temporary failure in name resolution", "", "unresolved"),
        ("Protocol not available", "", "failed"),
    ],
)
def test_errors_are_told_by_what_they_mean(
    host: ShellHost, error: str, neighbour: str, result: str
) -> None:
    host.fake("bash", BASH)
    host.fake("ip", f'case "$*" in "neigh show to "*) echo "{neighbour}" ;; esac')
    host.env["WORD"] = error
    assert reach(host, "tcp cp2 10.0.0.1 1").one("dial") == f"cp2 10.0.0.1 1 {result} -"


def test_an_answer_of_control_characters_is_one_printable_row(host: ShellHost) -> None:
    host.fake("bash", BASH)
    said = reach(host, "tcp cp2 10.0.0.1 4", "tcp cp3 10.0.0.1 4")
    assert len(said.rows("dial", 5)) == 2
    assert all(row[3] == "open" and row[4].isascii() for row in said.rows("dial", 5))
    assert all(row[4].isprintable() for row in said.rows("dial", 5))


def test_who_never_answers_is_not_waited_for_long(host: ShellHost) -> None:
    host.fake("bash", BASH)
    host.fake("timeout", 'while :; do case $1 in -k) shift 2 ;; *) break ;; esac; done; shift\n'
              'exec /usr/bin/timeout -k 1 0.3 "$@"')  # fmt: skip
    found = reach(host, "tcp cp2 127.0.7.9 2", "tcp cp3 127.0.7.9 3").all("dial")
    assert sorted(found) == ["cp2 127.0.7.9 2 dropped -", "cp3 127.0.7.9 3 silent -"]


def test_only_the_real_time_limits_are_asked_for(host: ShellHost) -> None:
    host.fake("timeout", "exit 124")
    reach(host, "tcp cp2 127.0.7.9 2", "udp cp2 127.0.7.9 2", "ping cp2 127.0.7.9", "size cp2 x")
    limits = {int(call.split()[3]) for call in host.calls if call.startswith("timeout -k 1 ")}
    assert limits and max(limits) <= 12


def test_datagrams_to_a_port_that_nobody_has_are_refused(host: ShellHost) -> None:
    (udp,) = free_ports(1, socket.SOCK_DGRAM)
    assert reach(host, f"udp cp2 127.0.7.2 {udp}").all("udp") == (
        f"cp2 127.0.7.2 {udp} 0 5 refused -",
    )


PING = """
case "$*" in
    *"-q -c 2 -i 0.1"*)
        echo "2 packets transmitted, $GOT received, 50% packet loss, time 5ms"
        [ "$GOT" = 0 ] || echo "rtt min/avg/max/mdev = 0.1/12.5/40.2/1.0 ms" ;;
    *) for last; do :; done
       size=$(printf '%s' "$*" | sed 's/.* -s \\([0-9]*\\) .*/\\1/')
       [ "$size" -le "$MOST" ] ;;
esac
"""


@pytest.mark.parametrize(
    ("got", "row"), [("2", "2 2 12.5 40.2"), ("1", "2 1 12.5 40.2"), ("0", "2 0 - -")]
)
def test_pings(host: ShellHost, got: str, row: str) -> None:
    host.env |= {"GOT": got, "MOST": "0"}
    host.fake("ping", PING)
    assert reach(host, "ping cp2 10.0.0.2").all("ping") == (f"cp2 10.0.0.2 {row}",)


@pytest.mark.parametrize(
    ("address", "most", "row"),
    [
        ("10.0.0.2", 1472, "1500 passed 1500 eth7"),
        ("10.0.0.2", 1471, "1500 failed 1480 eth7"),
        ("10.0.0.2", 1422, "1500 failed 1450 eth7"),
        ("10.0.0.2", 100, "1500 failed 0 eth7"),
        ("10.0.0.2", 10, "1500 unanswered 0 eth7"),
        ("fd00::2", 1452, "1500 passed 1500 eth7"),
        ("fd00::2", 1451, "1500 failed 1480 eth7"),
    ],
)
def test_sizes(host: ShellHost, address: str, most: int, row: str) -> None:
    host.env |= {"GOT": "2", "MOST": str(most)}
    host.fake("ping", PING)
    host.fake("ip", 'case "$*" in *"route get"*) echo "x dev eth7 src y uid 0" ;; '
              '*link*) echo "2: eth7: <UP> mtu 1500 qdisc" ;; esac')  # fmt: skip
    assert reach(host, f"size cp2 {address}").all("size") == (f"cp2 {address} {row}",)


def test_an_address_without_a_way_has_no_size(host: ShellHost) -> None:
    host.fake("ip", "exit 2")
    assert reach(host, "size cp2 10.0.0.2").all("size") == ("cp2 10.0.0.2 - unknown 0 -",)


def test_what_is_missing_is_said(host: ShellHost) -> None:
    without(host, "bash", "ping")
    (host.folder / "bin" / "ping").unlink()
    said = reach(host, "tcp cp2 127.0.7.2 1", "ping cp2 127.0.7.2")
    assert said.all("needs") == ("ping", "bash")
    assert (said.all("dial"), said.complete) == ((), True)


IP = "07:00:00.0 IP (tos 0xc0, ttl 255, id 1, offset 0, flags [none], proto VRRP (112), length 40)"
FIRST = (
    "    10.0.0.9 > 224.0.0.18: VRRPv2, Advertisement, vrid 51, prio 100, authtype none, "
    "intvl 1s, length 20, addrs: 10.0.0.50"
)
SECOND = (
    "    10.0.0.8 > 10.0.0.2: vrrp 10.0.0.8 > 10.0.0.2: VRRPv3, Advertisement, vrid 7, prio 9, "
    "intvl 100cs, length 16, addrs(2): 10.0.0.5,10.0.0.6"
)
TCPDUMP = "\n".join(("cat <<'END'", IP, FIRST, IP, FIRST, IP, SECOND, "END"))


def test_other_virtual_routers_by_tcpdump(host: ShellHost) -> None:
    without(host, "python3", "tcpdump")
    host.env |= {"HAUI_VRRP_S": "6", "HAUI_INTERFACE": "eth0"}
    assert reach(host).one("vrrp.why") == "needs python3 or tcpdump on the host"
    host.fake("tcpdump", TCPDUMP)
    said = reach(host)
    assert said.one("vrrp.listened") == "eth0 6"
    assert said.all("vrrp") == (
        "51 10.0.0.9 224.0.0.18 2 100 10.0.0.50",
        "7 10.0.0.8 10.0.0.2 3 9 10.0.0.5,10.0.0.6",
    )


def test_an_interface_where_nobody_can_listen_is_said(host: ShellHost) -> None:
    host.env |= {"HAUI_VRRP_S": "6", "HAUI_INTERFACE": "haui-nosuch0"}
    said = reach(host)
    assert said.one("vrrp.listened") is None
    assert (said.one("vrrp.why") or "").startswith("could not listen on haui-nosuch0: ")


def advertise(stop: threading.Event) -> None:
    """Speak as another virtual router would, to an address of this machine, until told to stop."""
    virtual = socket.inet_aton("192.0.2.7")
    packet = struct.pack("!BBBBBBH", 0x21, 77, 100, 1, 0, 1, 0) + virtual + bytes(8)
    with closing(socket.socket(socket.AF_INET, socket.SOCK_RAW, 112)) as speaker:
        speaker.bind(("127.0.7.9", 0))
        while not stop.is_set():
            speaker.sendto(packet, ("127.0.7.2", 0))
            speaker.sendto(packet[:5], ("127.0.7.2", 0))
            time.sleep(0.02)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may read packets")
def test_other_virtual_routers_by_python(host: ShellHost) -> None:
    host.env |= {"HAUI_VRRP_S": "1", "HAUI_INTERFACE": "lo"}
    stop = threading.Event()
    speaker = threading.Thread(target=advertise, args=(stop,))
    speaker.start()
    try:
        said = reach(host)
    finally:
        stop.set()
        speaker.join()
    assert said.one("vrrp.listened") == "lo 1"
    assert "77 127.0.7.9 127.0.7.2 2 100 192.0.2.7" in said.all("vrrp")

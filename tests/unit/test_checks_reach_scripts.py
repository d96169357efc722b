"""The scripts of the rehearsals, between hosts that are addresses of this machine."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from haui.evidence import Facts
from steps.load import body
from tests.unit.shell_host import ShellHost

SYSTEMD_RUN = """
while :; do case $1 in
    --description=*) echo "${1#*=}" >"$STATE/description"; shift ;;
    -p) case $2 in RuntimeDirectory=*) mkdir -p "$HAUI_ROOT/run/${2#*=}" ;; esac; shift 2 ;;
    --*) shift ;;
    *) break ;;
esac; done
setsid "$@" </dev/null >/dev/null 2>&1 &
echo $! >"$STATE/pid"
"""
"""Starts it in the background, as a group of its own."""

SYSTEMCTL = """
pid=$(cat "$STATE/pid" 2>/dev/null)
case "$1 $3" in
    "show ActiveState") [ -n "$pid" ] && echo ActiveState=active || echo ActiveState=inactive ;;
    "show Description") echo "Description=$(cat "$STATE/description")" ;;
    "show MainPID") echo "MainPID=${pid:-0}" ;;
    stop*)
        kill -9 "-$pid"
        while kill -0 "$pid" && ! grep -q '^State:.Z' "/proc/$pid/status"; do sleep 0.02; done
        rm -rf "$STATE/pid" "$HAUI_ROOT/run/haui-probe" ;;
esac
"""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[ShellHost]:
    """A host whose units are processes; those that are left are ended."""
    made = ShellHost(tmp_path)
    state = tmp_path / "state"
    state.mkdir()
    made.env |= {
        "STATE": os.fspath(state),
        "HAUI_CLUSTER": "atlas",
        "HAUI_HOST": "cp2",
        "HAUI_ADDRESS": "127.0.7.2",
        "HAUI_LISTEN_S": "60",
        "HAUI_PINGS": "2",
        "HAUI_UDP_TRIES": "5",
        "HAUI_VRRP_S": "",
        "HAUI_INTERFACE": "",
    }
    made.fake("systemd-run", SYSTEMD_RUN)
    made.fake("systemctl", SYSTEMCTL)
    made.fake("ping", "exit 1")
    yield made
    pid = state / "pid"
    if pid.exists():
        os.killpg(int(pid.read_text()), signal.SIGKILL)


def listen(host: ShellHost, *ports: str, **env: str) -> Facts:
    ran = host.run("preflight_listen_probe", {"HAUI_LISTEN": " ".join(ports), **env})
    assert (ran.status, ran.stderr) == (0, "")
    return Facts(ran.stdout)


def reach(host: ShellHost, *lines: str) -> Facts:
    plan = "".join(f"{line}\n" for line in lines)
    ran = host.run("preflight_reach_probe", inputs={"plan": plan})
    assert (ran.status, ran.stderr) == (0, "")
    return Facts(ran.stdout)


def clear(host: ShellHost, **env: str) -> Facts:
    ran = host.run("preflight_clear_probe", env)
    assert (ran.status, ran.stderr) == (0, "")
    return Facts(ran.stdout)


def free_ports(count: int, kind: socket.SocketKind = socket.SOCK_STREAM) -> list[int]:
    """Ports of 127.0.7.2 that nobody has, now."""
    with ExitStack() as stack:
        found = []
        for _ in range(count):
            held = stack.enter_context(closing(socket.socket(socket.AF_INET, kind)))
            held.bind(("127.0.7.2", 0))
            found.append(int(held.getsockname()[1]))
        return found


def without(host: ShellHost, *programs: str) -> None:
    """Let the host have only the usual programs but these."""
    usual = host.folder / "usual"
    usual.mkdir()
    for folder in ("/usr/sbin", "/usr/bin", "/sbin", "/bin"):
        for path in sorted(Path(folder).glob("*")):
            if path.name not in programs and not (usual / path.name).is_symlink():
                (usual / path.name).symlink_to(path)
    host.env["PATH"] = f"{host.folder / 'bin'}:{usual}"


def test_listeners_answer_with_who_they_are_and_go_without_a_trace(host: ShellHost) -> None:
    (tcp, held), (udp,) = free_ports(2), free_ports(1, socket.SOCK_DGRAM)
    with closing(socket.socket()) as other:
        other.bind(("127.0.7.2", held))
        other.listen()
        said = listen(host, f"tcp/{tcp}", f"tcp/{held}", f"udp/{udp}")
        assert said.one("listener") == "python3"
        assert said.all("listen") == (
            f"tcp 127.0.7.2 {tcp} listening",
            f"tcp 127.0.7.2 {held} busy",
            f"udp 127.0.7.2 {udp} listening",
        )
        dialled = reach(
            host,
            f"tcp cp2 127.0.7.2 {tcp}",
            f"tcp other 127.0.7.2 {held}",
            f"udp cp2 127.0.7.2 {udp}",
        )
    assert sorted(dialled.all("dial")) == [
        f"cp2 127.0.7.2 {tcp} open haui atlas cp2 {tcp}",
        f"other 127.0.7.2 {held} silent -",
    ]
    assert dialled.all("udp") == (f"cp2 127.0.7.2 {udp} 5 5 open haui atlas cp2 {udp}",)
    assert dialled.complete
    gone = clear(host)
    assert (gone.one("alive"), gone.all("left"), gone.complete) == ("yes", (), True)
    # The ports are free for their owners at once, even for one that does not ask for reuse.
    with closing(socket.socket()) as owner:
        owner.bind(("127.0.7.2", tcp))
    assert clear(host).one("alive") == "no"
    assert not list((host.folder / "root" / "run").iterdir())


def test_nobody_gets_an_answer_to_a_datagram_that_is_not_hauis(host: ShellHost) -> None:
    (udp,) = free_ports(1, socket.SOCK_DGRAM)
    listen(host, f"udp/{udp}")
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sender:
        sender.settimeout(5)
        sender.connect(("127.0.7.2", udp))
        for text in (b"hello", b"haui other", b"", b"haui atlas"):
            sender.send(text)
        assert sender.recv(512) == f"haui atlas cp2 {udp}\n".encode()
        sender.settimeout(0.1)
        with pytest.raises(TimeoutError):
            sender.recv(512)


def test_an_address_that_is_not_here_is_said(host: ShellHost) -> None:
    said = listen(host, "tcp/6443", HAUI_ADDRESS="192.0.2.1")
    assert said.all("listen") == ("tcp 192.0.2.1 6443 absent",)


def test_without_python_systemd_listens_over_tcp(host: ShellHost) -> None:
    if shutil.which("systemd-socket-activate") is None:
        pytest.skip("this machine has no systemd-socket-activate")
    without(host, "python3", "platform-python")
    tcp, held = free_ports(2)
    with closing(socket.socket()) as other:
        other.bind(("127.0.7.2", held))
        other.listen()
        said = listen(host, f"tcp/{tcp}", f"tcp/{held}", "udp/8472")
        assert said.one("listener") == "socket-activate"
        assert said.all("listen") == (
            f"tcp 127.0.7.2 {tcp} listening",
            f"tcp 127.0.7.2 {held} busy",
            "udp 127.0.7.2 8472 untried",
        )
    for _ in range(2):
        dialled = reach(host, f"tcp cp2 127.0.7.2 {tcp}")
        assert dialled.all("dial") == (f"cp2 127.0.7.2 {tcp} open haui atlas cp2",)
    assert clear(host).all("left") == ()


def test_a_host_that_can_not_listen_says_why(host: ShellHost) -> None:
    assert listen(host).one("why") == "nobody needs a port of this host"
    without(host, "python3", "systemd-socket-activate")
    said = listen(host, "tcp/6443")
    assert said.one("listener") == "none"
    assert said.one("why") == "needs python3 or systemd-socket-activate on the host"
    host.fake("systemd-run", "echo 'Failed to connect to bus'; exit 1")
    host.fake("python3")
    assert listen(host, "tcp/6443").one("why") == "systemd-run: Failed to connect to bus"


def test_a_listener_that_does_not_come_up_is_not_waited_for_long(host: ShellHost) -> None:
    host.fake("sleep")
    host.fake("systemd-run")
    said = listen(host, "tcp/6443")
    assert (said.one("listener"), said.one("why")) == (
        "none", "the listener did not start within 7 seconds",
    )  # fmt: skip


def test_of_two_hauis_the_second_keeps_away(host: ShellHost) -> None:
    (tcp,) = free_ports(1)
    listen(host, f"tcp/{tcp}", HAUI_CLUSTER="first")
    second = listen(host, f"tcp/{tcp}", HAUI_CLUSTER="second")
    assert (second.one("taken"), second.one("listener")) == ("first", "none")
    cleared = clear(host, HAUI_CLUSTER="second")
    assert (cleared.one("other"), cleared.one("alive")) == ("first", "no")
    assert reach(host, f"tcp cp2 127.0.7.2 {tcp}").one("dial") == (
        f"cp2 127.0.7.2 {tcp} open haui first cp2 {tcp}"
    )
    # What the same cluster has left is taken over.
    assert listen(host, f"tcp/{tcp}", HAUI_CLUSTER="first").one("listener") == "python3"


def test_what_is_left_is_said(host: ShellHost) -> None:
    listen(host, "tcp/0")
    # A systemctl that does not stop anything.
    host.fake("systemctl", SYSTEMCTL.replace("stop*)", "never)"))
    left = clear(host).all("left")
    pid = (host.folder / "state" / "pid").read_text().strip()
    folder = host.folder / "root" / "run" / "haui-probe"
    assert left == ("unit haui-probe.service", f"folder {folder}", f"process {pid}")


BASH = """
case $5 in
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


@pytest.mark.parametrize("script", ["preflight_listen_lib"])
def test_systemd_replaces_nothing_in_the_programs_that_it_starts(script: str) -> None:
    programs = body(script).partition("LISTENER_PYTHON='")[2]
    assert "LISTENER_SHELL='" in programs
    assert not any(special in programs for special in ("${", "$$", "%"))


@pytest.mark.parametrize("program", ["LISTENER_PYTHON", "VRRP_PYTHON"])
def test_the_programs_fit_old_pythons(program: str) -> None:
    name = "preflight_vrrp_lib" if "VRRP" in program else "preflight_listen_lib"
    text = body(name).partition(f"{program}='")[2].partition("\n'")[0]
    assert len(text) > 500 and not any(new in text for new in (":=", "match ", "removeprefix"))
    subprocess.run(["python3", "-I", "-c", f"compile({text!r}, 'x', 'exec')"], check=True)

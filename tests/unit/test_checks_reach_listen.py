"""The scripts that listen for the other hosts, and take the listeners down."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from steps.load import body
from tests.unit.rehearsing import SYSTEMCTL, clear, free_ports, listen, reach, rehearsing, without
from tests.unit.shell_host import ShellHost


@pytest.fixture
def host(tmp_path: Path) -> Iterator[ShellHost]:
    with rehearsing(tmp_path) as made:
        yield made


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

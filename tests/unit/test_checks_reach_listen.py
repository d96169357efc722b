"""The scripts that listen for the other hosts, and take the listeners down."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from steps.checks.ports import REHEARSAL
from steps.load import body, script
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


@pytest.mark.parametrize("python", [True, False])
def test_listeners_bear_hauis_name_and_watch_its_connection(host: ShellHost, python: bool) -> None:
    if not python:
        if shutil.which("systemd-socket-activate") is None:
            pytest.skip("this machine has no systemd-socket-activate")
        without(host, "python3", "platform-python")
    (tcp,) = free_ports(1)
    # The shell of that name is above the script as sshd would be.
    (host.folder / "bin" / "sshd-session").symlink_to("/bin/sh")
    env = {"HAUI_LISTEN": f"tcp/{tcp}", "SCRIPT": script("preflight_listen_probe")}
    ran = host.run('sshd-session -c \'echo $$; sudo=$(sh -c "$SCRIPT"); echo "$sudo"\'\n', env)
    sshd, _, facts = ran.stdout.partition("\n")
    assert f"tcp 127.0.7.2 {tcp} listening" in facts, ran
    main = (host.folder / "state" / "pid").read_text().strip()
    arguments = Path(f"/proc/{main}/cmdline").read_text().split("\0")
    assert arguments[arguments.index("cp2") + 1] == f"/proc/{sshd}"
    group = [path for path in Path("/proc").glob("[0-9]*") if _group_of(path) == int(main)]
    names = {(path / "comm").read_text().strip() for path in group}
    assert names - {"sh", "sleep"} == {REHEARSAL}


def _group_of(process: Path) -> int:
    try:
        return os.getpgid(int(process.name))
    except ProcessLookupError:
        return 0


def program(name: str) -> str:
    """One of the programs in the script."""
    return body("preflight_listen_lib").partition(f"{name}='")[2].partition("\n'")[0]


def test_a_listener_ends_when_the_connection_has_been_gone_for_a_while(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    watched = tmp_path / "watched"
    watched.touch()
    start = ["python3", "-I", "-S", "-c", program("LISTENER_PYTHON"), str(tmp_path), "atlas", "cp2"]
    with subprocess.Popen([*start, str(watched), "0.1", f"tcp/127.0.7.2/{port}"]) as listener:
        while not (tmp_path / "ready").exists():
            assert _lasts(listener, 0.02)
        assert _lasts(listener, 0.3)
        with socket.create_connection(("127.0.7.2", port)) as call:
            assert call.recv(100).startswith(b"haui atlas")
        watched.unlink()
        assert listener.wait(10) == 0


def _lasts(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return True
    return False


def test_without_python_it_ends_as_well(tmp_path: Path) -> None:
    # Time passes at once for it; the file goes away in the third second.
    (tmp_path / "sleep").write_text(
        '#!/bin/sh\necho "$1" >>"$FOLDER/slept"\n'
        '[ "$(wc -l <"$FOLDER/slept")" -ne 3 ] || rm "$FOLDER/watched"\n'
    )
    (tmp_path / "sleep").chmod(0o755)
    (tmp_path / "watched").touch()
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "FOLDER": str(tmp_path)}
    start = ["/bin/sh", "-c", program("LISTENER_SHELL"), "sh", str(tmp_path), "atlas", "cp2"]
    subprocess.run([*start, str(tmp_path / "watched"), "5"], env=env, timeout=20, check=True)
    # One second for all to start, one in which it was still there, five without it.
    assert (tmp_path / "slept").read_text().split() == ["1"] * 7


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

"""Hosts for the scripts of rehearsals: addresses of this machine, with processes as units."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from haui.evidence import Facts
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


@contextmanager
def rehearsing(tmp_path: Path) -> Iterator[ShellHost]:
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
        "HAUI_GRACE_S": "60",
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

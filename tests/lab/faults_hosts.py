"""How hosts, their connections and their servers are broken and mended."""

from __future__ import annotations

import time
from pathlib import Path

from tests.lab import net, servers
from tests.lab.faults import Act
from tests.lab.faults_scene import Moment, Scene
from tests.lab.machine import HostNotReady
from tests.lab.state import State

SESSIONS = "^sshd: ops"
"""The processes of the admin's SSH sessions on a host, in that host's process namespace."""
NOTICED_S = 25
"""A peer that says nothing has to be noticed within this time."""


def of(kind: str, host: str, step: str = "", text: str = "") -> Moment:
    """An event of that kind, host and step; of an output, with that text in a line."""

    def wanted(event: dict[str, object]) -> bool:
        if event["kind"] != kind or event.get("host") != host:
            return False
        if step and event.get("step") != step:
            return False
        lines = event.get("lines")
        return not text or (isinstance(lines, list) and any(text in line for line in lines))

    return wanted


def output(host: str, step: str, text: str = "") -> Moment:
    """A line of a step's output."""
    return of("task_output", host, step, text)


def intent(host: str, step: str) -> Moment:
    """A step is about to change a host."""
    return of("task_intent", host, step)


def started(host: str, step: str) -> Moment:
    """A step begins to look at a host."""
    return of("task_started", host, step)


def cut(host: str, times: int) -> Act:
    """Kill the connection's sshd so many times, each time as soon as it is back."""

    def act(scene: Scene) -> str:
        back = []
        for _ in range(times):
            since = time.monotonic()
            scene.sh(host, f"pkill -KILL -f '{SESSIONS}'")
            at = scene.wait(of("host_connected", host), since=since, timeout_s=60)
            assert at is not None, f"{host} was not connected again"
            back.append(at - since)
            time.sleep(1)
        return f"{times} cuts, connected again after {', '.join(f'{s:.1f}' for s in back)} s"

    return act


def freeze(host: str) -> Act:
    """Stop the connection's sshd, so that nothing comes and nothing breaks."""

    def act(scene: Scene) -> str:
        since = time.monotonic()
        scene.sh(host, f"pkill -STOP -f '{SESSIONS}'")
        at = scene.wait(of("host_lost", host), since=since, timeout_s=120)
        assert at is not None, f"nobody noticed that {host} says nothing"
        took = at - since
        assert took <= NOTICED_S, f"noticed after {took:.1f} s"
        back = scene.wait(of("host_connected", host), since=at, timeout_s=60)
        assert back is not None, f"{host} was not connected again"
        return f"noticed after {took:.1f} s"

    return act


def thaw(host: str) -> Act:
    """Let it go on."""
    return lambda scene: scene.sh(host, f"pkill -CONT -f '{SESSIONS}'", check=False)


def shell(host: str, script: str) -> Act:
    """A script as root."""

    def act(scene: Scene) -> None:
        scene.sh(host, script)

    return act


def no_sshd(host: str) -> Act:
    """sshd and its sessions end."""
    return shell(host, f"systemctl stop ssh.service; pkill -KILL -f '{SESSIONS}'")


def sshd(host: str) -> Act:
    """sshd is started again."""
    return shell(host, "systemctl start ssh.service")


def power_cut(host: str) -> Act:
    """Without a word; the host boots again at once."""

    def act(scene: Scene) -> str:
        since = time.monotonic()
        with scene.power:
            scene.lab.reboot(host)
        return f"up after {time.monotonic() - since:.0f} s"

    return act


def reboot(host: str) -> Act:
    """As `reboot` does it: everything is told to end first."""

    def act(scene: Scene) -> str:
        since = time.monotonic()
        before = _boot(scene, host)
        scene.sh(host, "systemctl reboot", check=False)
        while _boot(scene, host) in ("", before):
            assert time.monotonic() - since < 120, f"{host} does not reboot"
            time.sleep(0.5)
        scene.lab.wait(host)
        return f"up after {time.monotonic() - since:.0f} s"

    return act


def _boot(scene: Scene, host: str) -> str:
    """Another one after each boot; empty in between."""
    try:
        return scene.sh(host, "cat /proc/sys/kernel/random/boot_id", check=False)
    except HostNotReady:
        return ""


def off(host: str) -> Act:
    """Power cut."""

    def act(scene: Scene) -> None:
        with scene.power:
            scene.lab.power_off(host)

    return act


def on(host: str) -> Act:
    """Power is back."""

    def act(scene: Scene) -> None:
        with scene.power:
            scene.lab.power_on(host)

    return act


def tiny(host: str, path: str, size: str) -> Act:
    """A file system of that size there, from now on, with what was there in it."""
    return shell(
        host,
        f"mkdir -p {path} /root/kept && cp -a {path}/. /root/kept/ && "
        f"mount -t tmpfs -o mode=$(stat -c %a {path}),size={size} tmpfs {path} && "
        f"cp -a /root/kept/. {path}/ && rm -rf /root/kept",
    )


def roomy(host: str, path: str) -> Act:
    """Its content lies on the host's own file system again. What writes there is stopped first."""
    return shell(
        host,
        "systemctl stop kubelet 2>/dev/null; pkill -KILL -x etcd; "
        "active=$(systemctl is-active containerd); systemctl stop containerd 2>/dev/null; "
        f"mkdir -p /root/kept && cp -a {path}/. /root/kept/ && umount -l {path} && "
        f"cp -a /root/kept/. {path}/ && rm -rf /root/kept; "
        '[ "$active" != active ] || systemctl start containerd; '
        "[ ! -e /var/lib/kubelet/config.yaml ] || systemctl start kubelet",
    )


def server_gone(name: str) -> tuple[Act, Act]:
    """One of the bastion's servers (web, registry, dns) ends; it is started again as it was."""
    command: list[str] = []

    def down(scene: Scene) -> None:
        server = _state(scene).servers[name]
        argv = Path(f"/proc/{server.pid}/cmdline").read_bytes().split(b"\0")[:-1]
        command[:] = [part.decode() for part in argv]
        server.kill()

    def up(scene: Scene) -> None:
        with scene.power:
            state = _state(scene)
            state.servers[name] = servers.serve(command, scene.lab.dir / f"{name}.log")
            state.save(scene.lab.dir)

    return down, up


def _state(scene: Scene) -> State:
    state = State.load(scene.lab.dir)
    assert state is not None
    return state


def holder(scene: Scene) -> str:
    """The host that holds the virtual address; empty when none does."""
    for name in scene.lab.hosts:
        shown = scene.sh(name, "ip -o -4 addr show", check=False)
        if f" {scene.lab.vip}/" in shown:
            return name
    return ""


def cable(host: str, *, plugged: bool) -> Act:
    """Pull or plug the host's cable: packets vanish, nothing refuses."""
    return lambda scene: net.set_link(host, up=plugged)

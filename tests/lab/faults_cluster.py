"""An install whose cluster is disturbed on its way, by a bastion whose clock jumps."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.lab import faults_hosts as hosts
from tests.lab.faults import Act, Fault, Part
from tests.lab.faults_checks import done, every_byte, nothing_twice, once, verified
from tests.lab.faults_hosts import intent, output
from tests.lab.faults_scene import Scene
from tests.lab.lab import Lab
from tests.lab.runs import HAUI, environment
from tests.lab.terminal import Terminal

SLOW_S = 60
FAILED, STAYS = "10.77.0.22 port 22", "1 worker remains."


def slow_etcd(host: str) -> Act:
    """For a minute the host's etcd works for half a second and is stopped for one."""

    def act(scene: Scene) -> str:
        end = time.monotonic() + SLOW_S
        pid = scene.sh(host, "pidof etcd").split()[0]
        rounds = 0
        while time.monotonic() < end:
            scene.sh(host, f"kill -STOP {pid}; sleep 1; kill -CONT {pid}; sleep 0.5", check=False)
            rounds += 1
        return f"stopped {rounds} times"

    return act


def holder_off(scene: Scene) -> str:
    """The host with the virtual address loses its power; a minute later it has it again."""
    host = hosts.holder(scene)
    assert host, "no host holds the virtual address"
    hosts.off(host)(scene)
    time.sleep(60)
    hosts.on(host)(scene)
    return f"{host} without power for 60 s"


def waits_for(host: str) -> Callable[[Scene], str]:
    """The host failed as not reachable, others went on; the next session finished it."""

    def check(scene: Scene) -> str:
        failed, waiting, others = [], [], 0
        for _, session, event in scene.seen:
            if session or event["kind"] != "task_finished":
                continue
            if event.get("host") == host and event["outcome"] == "failed":
                failed.append(event)
            elif event["outcome"] == "skipped":
                waiting.append(f"{event['step']} on {event['host']}")
            elif event.get("host") != host and event["outcome"] == "ok":
                others += 1
        assert len(failed) == 1, failed
        problem = failed[0]["problem"]
        assert waiting and others > 50, (waiting, others)
        return (
            f"failed after {failed[0]['seconds']:.0f} s: {problem['what']} → {problem['fix']}; "
            f"{others} tasks of others done, {len(waiting)} wait; resumed"
        )

    return check


def left_out(scene: Scene) -> str:
    """the worker is left out by hand, in a terminal, and has its power again afterwards"""
    env = {**environment(scene.state), "TERM": "xterm-256color"}
    terminal = Terminal(scene.lab, [*HAUI], env=env, folder=scene.state.parent)
    try:
        with terminal:
            terminal.wait_for("Resume")
            terminal.press("Enter")
            terminal.wait_for(lambda screen: FAILED in screen and STAYS in screen, timeout_s=180)
            terminal.press("s")
            print(terminal.wait_for("Leave wk2 out?"), file=sys.stderr)
            terminal.press("s")
            print(terminal.wait_for("haui resume lab", timeout_s=600), file=sys.stderr)
            terminal.press("C-q")
    finally:
        hosts.on("wk2")(scene)
    return f"before it was done: “{STAYS}”"


def clock(text: str) -> Act:
    """The bastion's clock is that far off from now on."""
    return lambda scene: _clock_file(scene.lab).write_text(text + "\n")


def _clock_file(lab: Lab) -> Path:
    return lab.dir / "clock"


def faked(lab: Lab) -> dict[str, str]:
    """haui on a clock that is ours to set; its monotonic clock goes on, as a real one's does."""
    folder = lab.dir / "faketime"
    if not folder.exists():
        folder.mkdir()
        fetch = "apt-get -q download libfaketime && dpkg-deb -x libfaketime_*.deb ."
        subprocess.run(["sh", "-ec", fetch], cwd=folder, check=True, capture_output=True)
        _clock_file(lab).write_text("+0\n")
    (library,) = folder.rglob("libfaketimeMT.so.1")
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(_clock_file(lab)),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def _faults() -> tuple[Fault, ...]:
    return (
        Fault(
            name="worker without power, for good",
            when=output("wk2", "runtime.containerd"),
            breaks=hosts.off("wk2"),
            expected=waits_for("wk2"),
        ),
        Fault(
            name="the bastion's clock jumps five hours ahead",
            when=output("cp1", "runtime.kubernetes"),
            breaks=clock("+5h"),
            expected=once("cp1", "runtime.kubernetes"),
        ),
        Fault(
            name="the bastion's clock jumps eight hours back",
            when=output("cp1", "control_plane.init", "[kubelet-start]"),
            breaks=clock("-3h"),
            lasts_s=30,
            mends=clock("+0"),
            expected=once("cp1", "control_plane.init"),
        ),
        Fault(
            name="etcd of another member slow for a minute during a join",
            when=intent("cp2", "control_plane.join"),
            breaks=slow_etcd("cp1"),
            expected=done("cp2", "control_plane.join"),
        ),
        Fault(
            name="holder of the virtual address without power during a join",
            when=output("cp3", "control_plane.join", "[preflight]"),
            breaks=holder_off,
            expected=done("cp3", "control_plane.join"),
        ),
    )


CLUSTER = Part(
    name="cluster",
    faults=_faults,
    codes=(5, 0),
    first={1: left_out},
    environment=faked,
    checks=(verified, every_byte, nothing_twice),
)

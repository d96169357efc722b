"""An install whose cluster is disturbed on its way, by a bastion whose clock jumps."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

from tests.lab import faults_hosts as hosts
from tests.lab.faults import Act, Fault, Part
from tests.lab.faults_checks import done, every_byte, nothing_twice, once, verified
from tests.lab.faults_hosts import intent, output
from tests.lab.faults_scene import Scene
from tests.lab.lab import Lab

SLOW_S = 60


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
    environment=faked,
    checks=(verified, every_byte, nothing_twice),
)

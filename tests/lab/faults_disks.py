"""An install on hosts whose disks are full at four different moments."""

from __future__ import annotations

from tests.lab import faults_hosts as hosts
from tests.lab.faults import Fault, Part
from tests.lab.faults_checks import every_byte, nothing_twice, told, verified
from tests.lab.faults_hosts import intent, started
from tests.lab.lab import Lab

ROOM = r"make room|free space"


def small(lab: Lab) -> None:
    """wk2 has a small disk below /var/lib/haui, just large enough for preflight."""
    mount = "mkdir -p /var/lib/haui && mount -t tmpfs -o mode=700,size=64M tmpfs /var/lib/haui"
    lab.exec("wk2", ["sh", "-c", mount])


def _faults() -> tuple[Fault, ...]:
    return (
        Fault(
            name="disk full when a task is to begin",
            when=started("wk2", "system.sysctl"),
            breaks=hosts.shell("wk2", "cat /dev/zero >/var/lib/haui/fill 2>/dev/null || true"),
            lasts_s=None,
            mends=hosts.shell("wk2", "rm /var/lib/haui/fill"),
            expected=told("wk2", what="no space left", fix=ROOM),
        ),
        Fault(
            name="disk full while packages are installed",
            when=intent("cp3", "runtime.containerd"),
            breaks=hosts.tiny("cp3", "/var/cache/apt/archives", "2M"),
            lasts_s=None,
            mends=hosts.roomy("cp3", "/var/cache/apt/archives"),
            expected=told("cp3", what="free space", fix=ROOM),
        ),
        Fault(
            name="disk full while images are pulled",
            when=intent("wk1", "runtime.containerd"),
            breaks=hosts.tiny("wk1", "/var/lib/containerd", "30M"),
            lasts_s=None,
            mends=hosts.roomy("wk1", "/var/lib/containerd"),
            expected=told("wk1", what="no space left", fix=ROOM),
        ),
        Fault(
            name="disk full when etcd begins",
            session=1,
            when=intent("cp3", "control_plane.join"),
            breaks=hosts.tiny("cp3", "/var/lib/etcd", "5M"),
            lasts_s=None,
            mends=hosts.roomy("cp3", "/var/lib/etcd"),
            expected=told("cp3", what="etcd has no room", fix=ROOM, session=1),
        ),
    )


DISKS = Part(
    name="disks",
    faults=_faults,
    prepare=small,
    codes=(6, 6, 0),
    checks=(verified, every_byte, nothing_twice),
)

"""The installs that are disturbed, and by which faults."""

from __future__ import annotations

from tests.lab import faults_hosts as hosts
from tests.lab.faults import Fault, Part
from tests.lab.faults_checks import done, every_byte, nothing_twice, once, verified
from tests.lab.faults_cluster import CLUSTER
from tests.lab.faults_disks import DISKS
from tests.lab.faults_gone import GONE
from tests.lab.faults_hosts import intent, output, started
from tests.lab.faults_late import LATE
from tests.lab.faults_supply import SUPPLY

WHOLE = (verified, every_byte, nothing_twice)


def _connections() -> tuple[Fault, ...]:
    return (
        Fault(
            name="connection cut three times in one step",
            when=output("cp1", "control_plane.init", "[certs]"),
            breaks=hosts.cut("cp1", 3),
            expected=once("cp1", "control_plane.init"),
        ),
        Fault(
            name="sshd and its sessions gone for 10 s",
            when=output("wk1", "runtime.containerd"),
            breaks=hosts.no_sshd("wk1"),
            lasts_s=10,
            mends=hosts.sshd("wk1"),
            expected=once("wk1", "runtime.containerd"),
        ),
        Fault(
            name="the connection's sshd frozen, and thawed later",
            when=output("cp2", "runtime.images"),
            breaks=hosts.freeze("cp2"),
            lasts_s=5,
            mends=hosts.thaw("cp2"),
            expected=once("cp2", "runtime.images"),
        ),
        Fault(
            name="no packet from the host for 30 s",
            when=output("wk1", "runtime.images"),
            breaks=hosts.cable("wk1", plugged=False),
            lasts_s=30,
            mends=hosts.cable("wk1", plugged=True),
            expected=done("wk1", "runtime.images"),
        ),
        Fault(
            name="rebooted in phase system",
            when=intent("wk1", "system.sysctl"),
            breaks=hosts.reboot("wk1"),
            expected=done("wk1", "system.sysctl"),
        ),
        Fault(
            name="rebooted in phase packages",
            when=intent("cp3", "packages.source"),
            breaks=hosts.reboot("cp3"),
            expected=done("cp3", "packages.source"),
        ),
        Fault(
            name="power cut in phase runtime, while dpkg unpacks",
            when=output("wk2", "runtime.containerd", "Unpacking"),
            breaks=hosts.power_cut("wk2"),
            expected=done("wk2", "runtime.containerd"),
        ),
        Fault(
            name="power cut in phase runtime, while images are pulled",
            when=output("cp3", "runtime.images", "pull:"),
            breaks=hosts.power_cut("cp3"),
            expected=done("cp3", "runtime.images"),
        ),
        Fault(
            name="rebooted in phase endpoint",
            when=intent("cp2", "endpoint.keepalived"),
            breaks=hosts.reboot("cp2"),
            expected=done("cp2", "endpoint.keepalived"),
        ),
        Fault(
            name="power cut in phase control-plane",
            when=output("cp3", "control_plane.join", "[etcd]"),
            breaks=hosts.power_cut("cp3"),
            expected=done("cp3", "control_plane.join"),
        ),
        Fault(
            name="rebooted in phase network",
            when=started("cp2", "network.plugins"),
            breaks=hosts.reboot("cp2"),
            expected=done("cp2", "network.plugins"),
        ),
    )


PARTS: tuple[Part, ...] = (
    Part(name="connections", faults=_connections, checks=WHOLE),
    SUPPLY,
    DISKS,
    CLUSTER,
    GONE,
    LATE,
)

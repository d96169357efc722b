"""An install in which hosts boot again after the cluster was begun: while workers join, and while
the cluster is verified, its only control plane included.
"""

from __future__ import annotations

from tests.lab import faults_hosts as hosts
from tests.lab.faults import Fault, Part
from tests.lab.faults_checks import done, every_byte, nothing_twice, verified
from tests.lab.faults_gone import single
from tests.lab.faults_hosts import output, started


def _faults() -> tuple[Fault, ...]:
    return (
        Fault(
            name="power cut in phase workers",
            when=output("wk1", "workers.join", "[preflight]"),
            breaks=hosts.power_cut("wk1"),
            expected=done("wk1", "workers.join"),
        ),
        Fault(
            name="worker rebooted when verification begins",
            when=started("cp1", "verify.nodes"),
            breaks=hosts.reboot("wk2"),
            expected=done("cp1", "verify.nodes"),
        ),
        Fault(
            name="the control plane rebooted in phase verify",
            when=output("cp1", "verify.workload"),
            breaks=hosts.reboot("cp1"),
            expected=done("cp1", "verify.workload"),
        ),
    )


LATE = Part(
    name="late",
    faults=_faults,
    hosts=(1, 2),
    prepare=single,
    checks=(verified, every_byte, nothing_twice),
)

"""Looking at every host, and between them, before the first change.

Scripts collect facts, `steps.checks` judges them. What takes long or starts something for a moment
is left out when an install is continued.
"""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Values, Work
from steps import preflight_disk, preflight_reach, preflight_supply
from steps.checks.network import is_announced
from steps.checks.ports import ports
from steps.checks.sources import lookup_name
from steps.preflight_step import look
from steps.system import peers_of


def _facts(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = {
        "HAUI_LOOKUP": lookup_name(spec),
        "HAUI_ENDPOINT_NAME": spec.endpoint.name,
        "HAUI_PORTS": " ".join(sorted({str(port.number) for port in ports(spec, host)})),
    }
    if is_announced(spec, host):
        env["HAUI_VIP"] = spec.endpoint.vip or ""
        env["HAUI_PEERS"] = " ".join(peers_of(spec, host))
    return Work(probe=Call(script="preflight_facts_probe", env=env))


STEPS = (
    look(
        "facts",
        "Look at the host",
        "Finds what would stop the install later (system, sizes, disks, kernel, another "
        "Kubernetes, addresses, clock, ports) while nothing has been changed yet. Only reads.",
        work=_facts,
        timeout_s=90,
    ),
    preflight_supply.STEP,
    preflight_disk.STEP,
    look(
        "fleet",
        "Compare the hosts",
        "Finds what can only be seen of all hosts together: names and identities that "
        "stand twice, clocks that differ, networks that overlap. Asks no host.",
        after=("preflight.facts",),
    ),
    *preflight_reach.STEPS,
    look(
        "verdict",
        "Nothing is in the way",
        "No host is changed before every host has come this far.",
    ),
)

"""Looking at every host, and between them, before the first change.

Scripts collect facts, `steps.checks` judges them. What takes long or starts something for a moment
is left out when an install is continued.
"""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from steps import checks, preflight_disk, preflight_reach, preflight_supply
from steps.checks.network import is_announced, lookup_name
from steps.checks.ports import ports
from steps.system import peers_of
from steps.where import everywhere


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


def _nothing(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work()


STEPS = (
    Step(
        id="preflight.facts",
        title="Look at the host",
        phase="preflight",
        on=everywhere,
        work=_facts,
        judge=checks.judge("preflight.facts"),
        timeout_s=90,
        explain="Finds what would stop the install later (system, sizes, disks, kernel, another "
        "Kubernetes, addresses, clock, ports) while nothing has been changed yet. Only reads.",
    ),
    preflight_supply.STEP,
    preflight_disk.STEP,
    Step(
        id="preflight.fleet",
        title="Compare the hosts",
        phase="preflight",
        on=everywhere,
        work=_nothing,
        after=("preflight.facts",),
        judge=checks.judge("preflight.fleet"),
        explain="Finds what can only be seen of all hosts together: names and identities that "
        "stand twice, clocks that differ, networks that overlap. Asks no host.",
    ),
    *preflight_reach.STEPS,
    Step(
        id="preflight.verdict",
        title="Nothing is in the way",
        phase="preflight",
        on=everywhere,
        work=_nothing,
        judge=checks.judge("preflight.verdict"),
        explain="No host is changed before every host has come this far.",
    ),
)

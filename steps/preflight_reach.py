"""What is tried between hosts before the first change: rehearsals that leave no trace.

Every host listens for a moment on the ports that the install will use, then each host dials those
that it will have to reach; in the end the listeners are taken down. They would go by themselves,
should the connection die in between.
"""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Step, Values, Work
from steps import checks


def _tries(spec: ClusterSpec, host: HostSpec) -> bool:
    return spec.preflight.rehearsals and len(spec.hosts) > 1


def _listen(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work(probe=Call(script="preflight_listen_probe", env={}))


def _reach(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work(probe=Call(script="preflight_reach_probe", env={}))


def _clear(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work(probe=Call(script="preflight_clear_probe", env={}))


STEPS = (
    Step(
        id="preflight.listen",
        title="Listen for a moment",
        phase="preflight",
        on=_tries,
        work=_listen,
        after=("preflight.fleet",),
        judge=checks.judge("preflight.listen"),
        once=True,
        timeout_s=60,
        explain="Listens on the ports that the install will use, so that the other hosts can try "
        "to reach them. The listeners end by themselves after a few minutes.",
    ),
    Step(
        id="preflight.reach",
        title="Reach the other hosts",
        phase="preflight",
        on=_tries,
        work=_reach,
        after=("preflight.listen",),
        judge=checks.judge("preflight.reach"),
        once=True,
        timeout_s=120,
        explain="Finds a firewall, a wrong MTU, a slow link or a taken virtual address between "
        "hosts, by trying what the cluster will do.",
    ),
    Step(
        id="preflight.clear",
        title="Take the listeners down",
        phase="preflight",
        on=_tries,
        work=_clear,
        after=("preflight.reach",),
        judge=checks.judge("preflight.clear"),
        once=True,
        timeout_s=60,
        explain="Ends what the rehearsal has started.",
    ),
)

"""The tasks of each kind of session, and whether one goes on where the journal ends. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import steps
from haui.events import EtcdData
from haui.plan import build_plan, subset
from haui.record.state import RunState
from haui.resetting import reset_plan
from haui.session.job import ON_RECORD, Kind
from haui.spec import ClusterSpec
from haui.step import PHASES, Phase, Plan, Step

INSTALL: tuple[Phase, ...] = tuple(phase for phase in PHASES if phase != "reset")
PHASES_OF: dict[Kind, tuple[Phase, ...]] = {
    "apply": INSTALL,
    "resume": INSTALL,
    "verify": ("verify",),
    "preflight": ("preflight",),
    "reset": ("reset",),
}


def plan_of(
    spec: ClusterSpec,
    kind: Kind,
    hosts: Collection[str] | None = None,
    *,
    continued: bool = False,
    catalogue: Sequence[Step] | None = None,
    etcd_data: EtcdData = "keep",
) -> Plan:
    """The tasks of that kind of session, perhaps only those of some hosts.

    `continued`: the hosts have been looked at before, and may have been changed since.
    `catalogue` is steps.CATALOGUE unless said otherwise, and for a reset that of its own.
    """
    if kind == "reset":
        return reset_plan(spec, catalogue, hosts, etcd_data)
    plan = build_plan(spec, steps.CATALOGUE if catalogue is None else catalogue)
    return subset(plan, PHASES_OF[kind], hosts, continued=continued)


def plan_behind(spec: ClusterSpec, state: RunState) -> Plan:
    """The whole plan of the run that a journal ends with; that of an install when there is none."""
    if state.purpose == "reset":
        return plan_of(spec, "reset", state.hosts, etcd_data=state.etcd_data)
    return plan_of(spec, "apply")


def continues(kind: Kind, before: RunState) -> bool:
    """Whether an install goes on with hosts that may have been changed already."""
    if kind not in ("apply", "resume"):
        return False
    # What was reset as a whole is as new; a reset that was not finished, or only of some, is not.
    return not before.gone if before.purpose == "reset" else before.begun


def takes_up(kind: Kind, before: RunState, hosts: Collection[str]) -> bool:
    """Whether a session of that kind, on these hosts, continues the run that the journal ends with.

    An install never continues a reset, and a reset only one of the same hosts.
    """
    if kind not in ON_RECORD or not before.unfinished:
        return False
    if kind == "reset":
        return before.purpose == "reset" and set(before.hosts) == set(hosts)
    return before.purpose == "apply"

"""A worker that leaves a cluster which goes on: the one thing that a reset of all does not do."""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Remote, Step, Values, Work
from steps import control_plane
from steps.reset import CATALOGUE, WORKERS


def _is_worker(spec: ClusterSpec, host: HostSpec) -> bool:
    return host in spec.workers


def _delete(spec: ClusterSpec, host: HostSpec) -> Call:
    return Call(script="reset_leave_supply", env=control_plane.environment(spec, host))


def _work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work(probe=Call(script="reset_leave_probe", env={"HAUI_NODE": values.get("node", "")}))


LEAVE = Step(
    id="reset.leave",
    title="Leave the cluster",
    phase="reset",
    on=_is_worker,
    work=_work,
    # A kubelet that runs would make its Node anew, so this comes when there is none any more.
    supply=Remote(on=control_plane.on_control_plane, call=_delete, timeout_s=60),
    supply_for="probe",
    timeout_s=120,
    explain="The Node is deleted through a control plane, so that the cluster puts what a "
    "controller wants elsewhere at once, and waits for nobody who is gone.",
)

_AT = CATALOGUE.index(WORKERS) + 1
LEAVING: tuple[Step, ...] = (*CATALOGUE[:_AT], LEAVE, *CATALOGUE[_AT:])
"""The reset of workers that leave a cluster."""

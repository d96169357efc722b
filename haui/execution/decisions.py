"""What the admin may decide about a task that failed, and what leaving a host out would mean. Pure.

A host that is left out is no part of the cluster until a later run takes it up again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Literal

from haui.events import TaskFinished
from haui.spec import HostSpec
from haui.step import Plan, Task

Decision = Literal["retry", "skip", "stop"]
"""retry: the task runs again · skip: its host is left out, the others go on without it · stop: the
run ends when the steps that are changing a host have finished."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecided:
    """A task that failed and waits for a decision; what needs it waits, too."""

    host: str
    step: str
    title: str
    finished: TaskFinished
    begun: bool = False
    """Whether hosts had been changed before this run: it goes on without one that is away."""

    @property
    def id(self) -> str:
        """The task's id."""
        return f"{self.step}@{self.host}"

    @property
    def since(self) -> str:
        """When it failed, as a stamp."""
        return self.finished.at


Decide = Callable[[Undecided], Awaitable[Decision]]
"""Waits for the admin's decision. Cancelled when the run is stopped before there is one."""


def skip_refusal(plan: Plan, task: Task, left_out: Collection[str], *, begun: bool = False) -> str:
    """Why the task's host can't be left out, in one sentence; empty when it can.

    `left_out` are the names of the hosts that were left out before; `begun` as in `Undecided`.
    """
    spec, host = plan.spec, task.host
    if task.step.phase == "preflight" and not begun:
        return (
            f"No host is changed before every host has passed preflight: correct {host.name}, or"
            " take it out of the cluster file."
        )
    if task.step.phase == "verify":
        return ""
    planes = spec.control_planes
    if planes and host.name == planes[0].name:
        return f"Everything else hangs on {host.name}, the first control plane."
    if spec.topology.kind == "external" and "etcd" in host.roles:
        return "The control plane begins only when every member of the external etcd is healthy."
    out = {*left_out, host.name}
    etcd = _etcd(plan)
    remaining, quorum = len(_without(etcd, out)), len(etcd) // 2 + 1
    if host in etcd and remaining < quorum:
        return (
            f"etcd would keep {remaining} of {len(etcd)} members, and {quorum} must agree"
            " (its quorum)."
        )
    if host in spec.balancers and not _without(spec.balancers, out):
        return "No host would be left to answer at the API's endpoint."
    return ""


def skip_consequence(plan: Plan, task: Task, left_out: Collection[str]) -> str:
    """What the cluster would be like without the task's host, in a sentence or two."""
    spec, host = plan.spec, task.host
    if task.step.phase == "verify":
        return f"The rest of the proof on {host.name} is left out; haui verify makes up for it."
    out = {*left_out, host.name}
    told = []
    if host in spec.control_planes:
        told.append(_planes_left(plan, len(_without(spec.control_planes, out))))
    elif host in _etcd(plan):
        members = len(_without(_etcd(plan), out))
        told.append(f"{_count(members, 'etcd member')}; {_until(members)} stops the API.")
    if host in spec.balancers and spec.endpoint.placement == "load-balancer":
        balancers = len(_without(spec.balancers, out))
        told.append(f"{_count(balancers, 'load balancer')}; {_all(balancers)} stops the endpoint.")
    if host in spec.workers:
        workers = len(_without(spec.workers, out))
        told.append(f"{_count(workers, 'worker')}." if workers else "No worker remains.")
    return " ".join(told)


def _planes_left(plan: Plan, remaining: int) -> str:
    stops = _all(remaining) if plan.spec.topology.kind == "external" else _until(remaining)
    return f"{_count(remaining, 'control plane')}; {stops} stops the API."


def _until(members: int) -> str:
    """How many of so many etcd members have to be lost until there is no quorum."""
    return "losing it" if members == 1 else f"losing {_more(members - members // 2)}"


def _all(count: int) -> str:
    return "losing it" if count == 1 else f"losing {_more(count)}"


def _more(count: int) -> str:
    return "one more" if count == 1 else f"{count} more"


def _count(count: int, what: str) -> str:
    return f"{count} {what} remains" if count == 1 else f"{count} {what}s remain"


def _etcd(plan: Plan) -> tuple[HostSpec, ...]:
    spec = plan.spec
    return spec.having("etcd") if spec.topology.kind == "external" else spec.control_planes


def _without(hosts: tuple[HostSpec, ...], out: Collection[str]) -> list[HostSpec]:
    return [host for host in hosts if host.name not in out]

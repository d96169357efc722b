"""The plan of a reset: everything of a cluster taken back, or single workers of it.

It is the install's plan that it must not resemble: a host that can't be reached may not keep others
from being reset, so what a task needs on other hosts is an order for it and no condition.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from haui.clusterfile.rules import problems
from haui.errors import UsageError
from haui.events import EtcdData
from haui.plan import build_plan, subset
from haui.record.state import RunState
from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Plan, Remote, Step, Task, Values, Work
from steps import reset, reset_leave


def reset_plan(
    spec: ClusterSpec,
    catalogue: Sequence[Step] | None = None,
    hosts: Collection[str] | None = None,
    etcd_data: EtcdData = "keep",
) -> Plan:
    """The tasks that reset these hosts (all); those of steps.reset unless `catalogue` says which.
    Every script of theirs finds what was agreed to:

    HAUI_RESET (`cluster` or `hosts`) and HAUI_ETCD_DATA (`keep` or `remove`).
    """
    scope = "hosts" if is_partial(spec, hosts) else "cluster"
    if catalogue is None:
        catalogue = reset.CATALOGUE if scope == "cluster" else reset_leave.LEAVING
    agreed = {"HAUI_RESET": scope, "HAUI_ETCD_DATA": etcd_data}
    told = tuple(_told(step, agreed) for step in catalogue)
    plan = subset(build_plan(spec, told), ("reset",), hosts)
    return Plan(spec=spec, tasks=tuple(_in_order(task) for task in plan.tasks))


def is_partial(spec: ClusterSpec, hosts: Collection[str] | None) -> bool:
    """Whether these hosts are not all of the cluster's."""
    return hosts is not None and any(host.name not in hosts for host in spec.hosts)


def chosen_hosts(spec: ClusterSpec, names: Collection[str]) -> frozenset[str] | None:
    """The hosts that are meant; None for all, which no name and every name mean.

    Raises UsageError for a name that is none, and for hosts that a cluster can't lose alone.
    """
    known = {host.name for host in spec.hosts}
    if unknown := sorted(set(names) - known):
        raise UsageError(
            f"{spec.name} has no host {', '.join(unknown)}", why=f"it has {', '.join(known)}"
        )
    if not names or set(names) == known:
        return None
    for host in spec.hosts:
        if host.name in names and set(host.roles) != {"worker"}:
            raise UsageError(
                f"{host.name} can't be reset alone: its roles are {', '.join(host.roles)}",
                why=_why_not_alone(spec, host),
                fix="Only workers leave a cluster that lives on. Without --host all of it is "
                "reset.",
            )
    rest = tuple(host for host in spec.hosts if host.name not in names)
    known = {problem.what for problem in problems(spec)}
    for problem in problems(spec.model_copy(update={"hosts": rest})):
        if problem.what in known:
            continue
        raise UsageError(
            f"{spec.name} can't go on without {', '.join(sorted(names))}",
            why=problem.what,
            fix=f"without --host all of {spec.name} is reset",
        )
    return frozenset(names)


def _why_not_alone(spec: ClusterSpec, host: HostSpec) -> str:
    if host == spec.first_control_plane:
        return "the cluster was begun on it, and the others were joined through it"
    if "control-plane" in host.roles:
        return "its etcd member would have to leave first, which haui does not do to a live cluster"
    if "etcd" in host.roles:
        return "the quorum of etcd would be one failure nearer to its end"
    return "the cluster needs it as long as it lives"


def etcd_data_of(
    spec: ClusterSpec, hosts: Collection[str] | None, *, keep: bool = False
) -> EtcdData:
    """What becomes of etcd's data: it is removed with the cluster unless it is to be kept."""
    return "keep" if keep or is_partial(spec, hosts) else "remove"


def refuse_reset(spec: ClusterSpec, before: RunState) -> None:
    """Raises UsageError when there is nothing to take back.

    What hosts were used for after a reset is none of haui's business.
    """
    if not before.run:
        raise UsageError(f"nothing was done to the hosts of {spec.name} yet")
    if before.gone:
        raise UsageError(
            f"{spec.name} was reset already", why="its hosts may serve something else by now"
        )


def not_reset(
    spec: ClusterSpec, state: RunState, catalogue: Sequence[Step] | None = None
) -> tuple[str, ...]:
    """The cluster's hosts that an unfinished reset was begun for and has not come to the end of."""
    if state.purpose != "reset" or not state.unfinished:
        return ()
    settled = state.settled()
    plan = reset_plan(spec, catalogue, state.hosts, state.etcd_data)
    return tuple(dict.fromkeys(task.host.name for task in plan.tasks if task.id not in settled))


def refuse_install(
    spec: ClusterSpec, before: RunState, catalogue: Sequence[Step] | None = None
) -> None:
    """Raises UsageError when hosts are neither what they were nor what an install made of them."""
    if not before.begun:
        return
    if left := not_reset(spec, before, catalogue):
        raise UsageError(
            f"the reset of {before.cluster} is not finished: {', '.join(left)}",
            why="an install can't tell what is half taken back from what is half made",
            fix=f"`haui resume {before.cluster}` finishes the reset. A host that is gone for good "
            "has to leave the cluster file before the others are installed again.",
        )


def _in_order(task: Task) -> Task:
    """The task, waiting for other hosts only until they are through, however that ends."""
    needs = frozenset(id_ for id_ in task.needs if id_.endswith(f"@{task.host.name}"))
    return replace(task, needs=needs, after=task.after | (task.needs - needs))


def _told(step: Step, agreed: Mapping[str, str]) -> Step:
    """The step, with what was agreed to in the environment of all its scripts."""

    def work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
        made = step.work(spec, host, values)
        return replace(made, probe=_with(made.probe, agreed), apply=_with(made.apply, agreed))

    return replace(
        step,
        work=work,
        gate=_remote(step.gate, agreed),
        supply=_remote(step.supply, agreed),
        revoke=_remote(step.revoke, agreed),
    )


def _with(call: Call | None, agreed: Mapping[str, str]) -> Call | None:
    return call and replace(call, env={**call.env, **agreed})


def _remote(remote: Remote | None, agreed: Mapping[str, str]) -> Remote | None:
    return remote and replace(remote, call=_calling(remote.call, agreed))


def _calling(
    call: Callable[[ClusterSpec, HostSpec], Call], agreed: Mapping[str, str]
) -> Callable[[ClusterSpec, HostSpec], Call]:
    def calling(spec: ClusterSpec, host: HostSpec) -> Call:
        made = call(spec, host)
        return replace(made, env={**made.env, **agreed})

    return calling

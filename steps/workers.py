"""Workers, and what is left to do once every node has joined."""

from __future__ import annotations

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Remote, Step, Values, Work
from steps import control_plane, kubeadm, network
from steps.where import addresses, is_first

WORKER_LABEL = "node-role.kubernetes.io/worker"
"""Only for people: the role that `kubectl get nodes` shows."""


def node_labels(spec: ClusterSpec) -> bytes:
    """One line for each label that a node must have: node name, tab, key=value."""
    rows = []
    for host in spec.nodes:
        labels = dict(host.labels)
        if "worker" in host.roles:
            labels.setdefault(WORKER_LABEL, "")
        rows += [f"{host.name}\t{key}={value}\n" for key, value in labels.items()]
    return "".join(rows).encode()


def _is_worker(spec: ClusterSpec, host: HostSpec) -> bool:
    return host in spec.workers


def _join_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = control_plane.environment(spec, host)
    flag = control_plane.skip_flag(spec, kubeadm.join_skipped_phases(spec))
    return Work(
        probe=Call(script="workers_join_probe", env=env),
        apply=Call(
            script="workers_join_apply",
            env={**env, **flag, "HAUI_CA_HASH": values.get("ca_hash", "")},
            inputs=control_plane.join_inputs(spec, host, values),
        ),
    )


def _labels_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    env = control_plane.environment(spec, host)
    inputs = {"labels": node_labels(spec)}
    return Work(
        probe=Call(script="workers_labels_probe", env=env, inputs=inputs),
        apply=Call(script="workers_labels_apply", env=env, inputs=inputs),
    )


def _has_labels(spec: ClusterSpec, host: HostSpec) -> bool:
    return is_first(spec, host) and bool(node_labels(spec))


def _ready_call(spec: ClusterSpec, host: HostSpec) -> Call:
    env = {**control_plane.environment(spec, host), "HAUI_NODES": addresses(spec.nodes)}
    return Call(script="workers_ready_probe", env=env)


def _ready_work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return Work(probe=_ready_call(spec, host))


def _first(spec: ClusterSpec, host: HostSpec) -> tuple[str, ...]:
    return (spec.first_control_plane.name,)


JOIN = Step(
    id="workers.join",
    title="Worker",
    phase="workers",
    on=_is_worker,
    work=_join_work,
    needs=(control_plane.INIT.id, control_plane.JOIN.id, control_plane.REFRESH.id),
    lane="worker-join",
    supply=control_plane.supply_call("worker"),
    revoke=control_plane.revoke_call("worker"),
    timeout_s=1500,
    explain="Runs kubeadm join. What an earlier attempt has left is undone on this host first.",
)

LABELS = Step(
    id="workers.labels",
    title="Labels of the nodes",
    phase="workers",
    on=_has_labels,
    work=_labels_work,
    needs=(JOIN.id, control_plane.JOIN.id),
    timeout_s=300,
    explain="Gives the nodes the labels of the cluster file, and workers the role that kubectl "
    "shows.",
)

READY = Step(
    id="cluster.ready",
    title="All nodes ready",
    phase="workers",
    on=is_first,
    work=_ready_work,
    needs=(JOIN.id, control_plane.JOIN.id, network.BRIDGE.id),
    gate=Remote(on=_first, call=_ready_call, patience_s=420, timeout_s=60),
    explain="A node is ready when its kubelet runs and its pod network is set up.",
)

STEPS: tuple[Step, ...] = (
    control_plane.REFRESH,
    JOIN,
    network.BRIDGE,
    LABELS,
    network.ROLLOUT,
    READY,
)

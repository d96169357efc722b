"""What `haui reset` does: the hosts go back to what they were before haui came.

A plan of its own, made of CATALOGUE alone; the plan of an install never contains it. On its own
host a step follows those before it. Between hosts `needs` is an order and no condition: a host that
can't be reached keeps no other one from being reset (haui/resetting.py makes it so), hence a step
may not rely on what it needs on other hosts having succeeded.

The scripts go by the change record on each host (haui/agent/lib.sh, docs/what-haui-changes.md):
what is on record is taken back, what is not was never haui's. Every script finds in its
environment:

- HAUI_RESET: `cluster` when all of the cluster goes, `hosts` when only some workers leave it;
- HAUI_ETCD_DATA: `remove` only when the admin has typed the cluster's name for it, else `keep`:
  what a host has of etcd's data, or of a registry's images, then stays where it is.

Tasks of other runs may still be alive on a host when a reset begins (an install that was left), and
are ended before anything is taken back. Each step may be killed anywhere and is then run again.
"""

from __future__ import annotations

from collections.abc import Callable

from haui.spec import ClusterSpec, HostSpec
from haui.step import Call, Remote, Step, Values, Work
from steps import control_plane, endpoint, endpoint_kube_vip, endpoint_nginx, etcd, registry
from steps.reset_remains import REMAINS, Remains
from steps.where import everywhere, has_containerd, is_control_plane, is_first, is_node

__all__ = ["CATALOGUE", "REMAINS", "Remains"]

Doing = Callable[[ClusterSpec, HostSpec, Values], Work]


def _both(name: str, env: dict[str, str] | None = None) -> Work:
    """What the probe and the apply script of that name do."""
    given = env or {}
    return Work(
        probe=Call(script=f"reset_{name}_probe", env=given),
        apply=Call(script=f"reset_{name}_apply", env=given),
    )


def _plain(name: str) -> Doing:
    def work(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
        return _both(name)

    return work


def _is_worker(spec: ClusterSpec, host: HostSpec) -> bool:
    return is_node(spec, host) and not is_control_plane(spec, host)


def _node(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return _both("node", control_plane.environment(spec, host))


def _has_endpoint(spec: ClusterSpec, host: HostSpec) -> bool:
    proxied = endpoint.has_haproxy(spec, host) or endpoint_nginx.has_nginx(spec, host)
    return proxied or endpoint.has_keepalived(spec, host)


def _endpoint(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    # The address first: who holds it may not be the one without a proxy.
    vip = spec.endpoint.vip or "" if endpoint.has_keepalived(spec, host) else ""
    return _both("services", {"HAUI_UNITS": "keepalived haproxy nginx", "HAUI_VIP": vip})


def _registry(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    return _both("registry", {"HAUI_STORAGE": spec.registry.storage})


def _network(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    killed = endpoint_kube_vip.uses_kube_vip(spec) and is_control_plane(spec, host)
    return _both("network", {"HAUI_VIP": spec.endpoint.vip or "" if killed else ""})


def _firewall(spec: ClusterSpec, host: HostSpec, values: Values) -> Work:
    # Without any rules, what haui has opened is stale.
    env, inputs = {"HAUI_INTERFACE": ""}, {"rules": b""}
    return Work(
        probe=Call(script="system_firewall_probe", env=env, inputs=inputs),
        apply=Call(script="system_firewall_apply", env=env, inputs=inputs),
    )


def _itself(script: str) -> Remote:
    """A script that the task's own host is asked to run, outside of the task."""

    def on(spec: ClusterSpec, host: HostSpec) -> tuple[str, ...]:
        return (host.name,)

    def call(spec: ClusterSpec, host: HostSpec) -> Call:
        return Call(script=script)

    return Remote(on=on, call=call, timeout_s=60)


BEGIN = Step(
    id="reset.begin",
    title="End what still runs",
    phase="reset",
    on=everywhere,
    work=_plain("begin"),
    timeout_s=300,
    explain="An install that was left may still be at work on a host. What is taken back must not "
    "be made at the same time.",
)
WORKERS = Step(
    id="reset.workers",
    title="Undo the worker",
    phase="reset",
    on=_is_worker,
    work=_node,
    timeout_s=900,
    disruptive="All pods of the host end.",
    explain="Runs kubeadm reset and takes away what it leaves: containers, mounts, folders.",
)
CONTROL_PLANES = Step(
    id="reset.control_planes",
    title="Undo the control plane",
    phase="reset",
    on=control_plane.joins,
    work=_node,
    needs=(WORKERS.id,),
    timeout_s=900,
    disruptive="The API server, all pods, and the etcd member of the host end.",
    explain="As for workers. Its etcd member does not leave the others, since all of them go; its "
    "data goes only when that was agreed to.",
)
FIRST = Step(
    id="reset.first_control_plane",
    title="Undo the first control plane",
    phase="reset",
    on=is_first,
    work=_node,
    needs=(WORKERS.id, CONTROL_PLANES.id),
    timeout_s=900,
    disruptive="The API server, all pods, and the etcd member of the host end.",
    explain="The one that the cluster began with goes last.",
)
ETCD = Step(
    id="reset.etcd",
    title="Stop the etcd member",
    phase="reset",
    on=etcd.is_member,
    work=_plain("etcd"),
    needs=(CONTROL_PLANES.id, FIRST.id),
    timeout_s=300,
    disruptive="The member ends.",
    explain="The service ends, and its data goes when that was agreed to.",
)
ENDPOINT = Step(
    id="reset.endpoint",
    title="Stop the balancer",
    phase="reset",
    on=_has_endpoint,
    work=_endpoint,
    needs=(CONTROL_PLANES.id, FIRST.id, ETCD.id),
    timeout_s=300,
    disruptive="Nothing answers at the endpoint any more.",
    explain="keepalived gives the virtual address back when it ends. A service that ran before "
    "haui came goes on with its own files.",
)
REGISTRY = Step(
    id="reset.registry",
    title="Stop the registry",
    phase="reset",
    on=registry.is_registry,
    work=_registry,
    needs=(WORKERS.id, CONTROL_PLANES.id, FIRST.id, ETCD.id),
    timeout_s=900,
    disruptive="Nobody can pull from it any more.",
    explain="Its images go when it was agreed that data goes.",
)
NETWORK = Step(
    id="reset.network",
    title="Take away the pod network",
    phase="reset",
    on=is_node,
    work=_network,
    timeout_s=300,
    disruptive="Services and pods of the host can't be reached any more.",
    explain="Rules of kube-proxy and of the pod network, their interfaces, routes and files: "
    "kubeadm leaves them. Rules of others stay.",
)
RUNTIME = Step(
    id="reset.runtime",
    title="Stop containerd",
    phase="reset",
    on=has_containerd,
    work=_plain("runtime"),
    timeout_s=600,
    disruptive="All containers of a containerd that haui has installed end.",
    explain="With its images, where haui has installed it. One that was there before stays.",
)
FIREWALL = Step(
    id="reset.firewall",
    title="Close the firewall",
    phase="reset",
    on=everywhere,
    work=_firewall,
    timeout_s=900,
    explain="What haui has opened bears its mark, and only that is closed.",
)
SYSTEM = Step(
    id="reset.system",
    title="Set the system back",
    phase="reset",
    on=everywhere,
    work=_plain("system"),
    timeout_s=300,
    explain="Kernel parameters, swap and SELinux as they were noted; modules that haui has loaded "
    "are unloaded where nobody uses them.",
)
FILES = Step(
    id="reset.files",
    title="Give the files back",
    phase="reset",
    on=everywhere,
    work=_plain("files"),
    timeout_s=300,
    explain="Files that haui has replaced come back, those that it has made go. One that somebody "
    "has changed since is theirs and stays.",
)
PACKAGES = Step(
    id="reset.packages",
    title="Remove packages",
    phase="reset",
    on=everywhere,
    work=_plain("packages"),
    timeout_s=1800,
    explain="Those that haui's installs have brought, unless something else needs them by now. "
    "Packages that were there stay, at the version that they have.",
)
UNITS = Step(
    id="reset.units",
    title="Services and folders as before",
    phase="reset",
    on=everywhere,
    work=_plain("units"),
    timeout_s=300,
    explain="What ran before runs again, with its own files; folders that were not there and are "
    "empty go.",
)
RECORD = Step(
    id="reset.record",
    title="Take away what haui has noted",
    phase="reset",
    on=everywhere,
    work=_plain("record"),
    # The folder of this very run can only go when its end is known.
    supply=_itself("reset_record_supply"),
    supply_for="probe",
    revoke=_itself("reset_record_revoke"),
    timeout_s=120,
    explain="The change record goes last: as long as it is there, all that comes before can be "
    "done again.",
)

CATALOGUE: tuple[Step, ...] = (
    BEGIN,
    # The cluster, in the order in which nobody misses what is gone.
    WORKERS,
    CONTROL_PLANES,
    FIRST,
    ETCD,
    ENDPOINT,
    REGISTRY,
    # The machines.
    NETWORK,
    RUNTIME,
    FIREWALL,
    SYSTEM,
    FILES,
    PACKAGES,
    UNITS,
    RECORD,
)

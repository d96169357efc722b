"""What is said of a reset: what will be lost, what was undone, and what stays different."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from haui.documents.markdown import fence, inline, table
from haui.events import EtcdData
from haui.record.state import RunState
from haui.resetting import is_partial, not_reset
from haui.spec import ClusterSpec, HostSpec
from steps.reset import REMAINS


def losses(
    spec: ClusterSpec, hosts: Collection[str] | None, etcd_data: EtcdData, *, admin_conf: str
) -> tuple[str, ...]:
    """What a reset of these hosts (all) costs, one sentence each."""
    chosen = [host for host in spec.hosts if hosts is None or host.name in hosts]
    where = f"hosts: {', '.join(f'{host.name} ({host.address})' for host in chosen)}"
    if is_partial(spec, hosts):
        return (
            where,
            "they leave the cluster, which goes on without them",
            "what runs on them is ended at once; only what something controls begins elsewhere",
            "what pods have stored on these hosts is lost",
        )
    members = spec.having("etcd") or spec.control_planes
    version, nodes = spec.kubernetes.version, _count(spec.nodes, "node")
    lost = [
        where,
        f"the cluster: Kubernetes {version} with {nodes}, and everything that runs in it",
        "what pods have stored on these hosts",
    ]
    if etcd_data == "remove":
        lost.append(f"etcd's data on {_names(members)}: every object of the cluster, for good")
    else:
        lost.append(
            f"etcd's data stays in /var/lib/etcd on {_names(members)}: nothing uses it any more, "
            "and it has to be moved away before another install"
        )
    registries = spec.having("registry")
    if registries:
        images = " with all of its images" if etcd_data == "remove" else "; its images stay"
        lost.append(f"the registry on {_names(registries)}{images}")
    lost.append(f"{admin_conf}: it opens nothing any more")
    return tuple(lost)


def ending_lines(spec: ClusterSpec, state: RunState) -> tuple[str, ...]:
    """How a reset stands after its last session: what was undone, what is left, what stays."""
    name = state.cluster
    if state.outcome != "ok":
        left = not_reset(spec, state)
        lines = [f"{name} is not reset as a whole"]
        if left:
            lines.append(f"not given back yet: {', '.join(left)}")
        away = [host for host in left if _unreachable(state, host)]
        if away:
            lines.append(
                f"when {', '.join(away)} can be reached again, `haui resume {name}` goes on there; "
                "a host that is gone for good needs nothing more"
            )
        return tuple(lines)
    hosts = f"{len(state.hosts)} host{'' if len(state.hosts) == 1 else 's'}"
    whole = f"{name} is gone: {hosts} are as they were before it"
    lines = [f"{', '.join(state.hosts)} left {name}" if state.partial else whole]
    if state.etcd_data == "keep" and not state.partial:
        lines.append("etcd's data is still on its hosts; it keeps them from being installed again")
    lines += [f"stays different: {each.what} ({each.why})" for each in REMAINS]
    return tuple(lines)


def reset_words(state: RunState) -> str:
    """How a reset stands, after the cluster's name."""
    if state.outcome != "ok":
        return "is not reset as a whole"
    return f"goes on without {', '.join(state.hosts)}" if state.partial else "is gone"


def undone(spec: ClusterSpec, state: RunState) -> Iterator[str]:
    """The report's part about what a reset has come to."""
    yield "## What was undone"
    yield "\n".join(f"- {inline(line)}" for line in ending_lines(spec, state))
    yield "## Hosts"
    left = not_reset(spec, state)
    known = {host.name: host for host in spec.hosts}
    yield table(
        ("host", "address", "state"),
        [
            (
                name,
                known[name].address if name in known else "",
                "not given back yet" if name in left else "as it was before",
            )
            for name in state.hosts
        ],
    )
    yield "## What to do next"
    if state.outcome != "ok":
        yield "Mend what is said here, then let haui go on where it stopped:"
        yield fence(f"haui resume {spec.name}", "sh")
    elif state.partial:
        yield "Take these hosts out of the cluster file as well, or `haui apply` joins them again."
    else:
        yield "The hosts are free. The answers are kept, to install the cluster again:"
        yield fence(f"haui preset export {spec.name} > {spec.name}.yaml", "sh")


def _unreachable(state: RunState, host: str) -> bool:
    """Whether the host was not to be reached in the last session."""
    connection = state.connections.get(host)
    return connection is None or not connection.up


def _names(hosts: Iterable[HostSpec]) -> str:
    return ", ".join(host.name for host in hosts)


def _count(things: Collection[object], what: str) -> str:
    return f"{len(things)} {what}{'' if len(things) == 1 else 's'}"

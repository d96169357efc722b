"""The report of a cluster's last install, as Markdown: what stands, what was proved, what is left.

Everything in it that hosts printed is escaped, and masked against secrets, before it gets there.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from haui.documents.causes import likely
from haui.documents.logtail import output_of
from haui.documents.looked import looked
from haui.documents.markdown import code, fence, inline, remote_fence, table
from haui.documents.phases import busy_seconds, duration, when
from haui.documents.tries import tried_again
from haui.documents.undoing import reset_words, undone
from haui.drawing.facts import survives
from haui.drawing.picture import picture_markdown
from haui.drawing.shape import shape_of
from haui.events import Problem
from haui.record.state import RunState, TaskView
from haui.spec import ClusterSpec
from haui.step import PHASES, Plan, Task

_OUTCOMES = {
    "ok": "is up",
    "failed": "is not finished: a step failed",
    "preflight": "was not begun: the preflight found something",
    "unreachable": "is not finished: a host can't be reached",
    "verification": "stands, but the verification found something wrong",
    "cancelled": "is not finished: the install was stopped",
    "": "is not finished",
}
_RESULTS = {"ok": "ok", "differs": "wrong", "blocked": "wrong", "skipped": "skipped"}
_SLOWEST = 5
_ETCD_BACKUP = """\
# on {host}, as root; then copy the file to another machine
crictl exec "$(crictl ps -q --name '^etcd$')" etcdctl --endpoints https://127.0.0.1:2379 \\
    --cacert /etc/kubernetes/pki/etcd/ca.crt --cert /etc/kubernetes/pki/etcd/server.crt \\
    --key /etc/kubernetes/pki/etcd/server.key snapshot save /var/lib/etcd/backup.db
"""


def report(
    spec: ClusterSpec,
    state: RunState,
    *,
    plan: Plan,
    now: datetime,
    kubeconfig: Path,
    timings: Mapping[str, Sequence[float]] | None = None,
    output: Mapping[str, Sequence[str]] | None = None,
) -> str:
    """The whole document. `plan` is the install's, with all phases.

    `timings` are the seconds of each step on its hosts (by default those of this run), `output` the
    last lines of the logs of hosts with failures, which help to find the causes.
    """
    reset = state.purpose == "reset"
    picture = picture_markdown(shape_of(spec)).rstrip()
    blocks = [
        *_title(spec, state, plan, now),
        *(undone(spec, state) if reset else (picture, *_cluster(spec))),
        *_failures(spec, state, plan, output or {}),
        *_left(state, plan),
        *tried_again(state, plan),
        *looked(state),
        *_verification(state, plan),
        *_phases(state, plan, state.timings() if timings is None else timings),
        *(() if reset else _next(spec, state, kubeconfig)),
    ]
    return "\n\n".join(blocks) + "\n"


def _title(spec: ClusterSpec, state: RunState, plan: Plan, now: datetime) -> Iterator[str]:
    said = _OUTCOMES.get(state.outcome, _OUTCOMES[""]) if state.run else "was not begun"
    said = reset_words(state) if state.purpose == "reset" else said
    yield f"# {'✓' if state.outcome == 'ok' else '✗'} {inline(spec.name)} {said}"
    done = sum(state.task(task.host.name, task.step.id).done for task in plan.tasks)
    parts = [f"{done} of {len(plan.tasks)} tasks are done"]
    if state.started_at:
        parts.append(f"begun {when(state.started_at)}, last at {when(state.last_at)}")
    if state.seconds:
        took = f"the last session took {duration(state.seconds)}"
        parts.append(took if state.sessions > 1 else f"it took {duration(state.seconds)}")
    if state.sessions > 1:
        parts.append(f"{state.sessions} sessions")
    yield "; ".join(parts) + "."
    run = f", run {code(state.run)}" if state.run else ""
    yield f"Written {when(now.isoformat())} by haui {inline(state.haui) or '?'}{run}."


def _cluster(spec: ClusterSpec) -> Iterator[str]:
    yield "## Cluster"
    network, endpoint = spec.network, spec.endpoint
    cni = network.cni.kind + (f" {network.cni.version}" if network.cni.version else "")
    rows = [
        ("Kubernetes", spec.kubernetes.version),
        ("etcd", {"stacked": "on the control planes", "external": "on hosts of its own"}.get(
            spec.topology.kind, "on the control plane")),
        ("survives", ", ".join(survives(shape_of(spec))) or "the loss of no control plane"),
        ("endpoint", f"{endpoint.name}:{endpoint.port} ({endpoint.kind})"),
        ("virtual address", endpoint.vip or "none"),
        ("pods", network.pods),
        ("Services", f"{network.services}, {network.kube_proxy}"),
        ("pod network", cni),
        ("DNS domain", network.dns_domain),
    ]  # fmt: skip
    yield table(("what", "value"), rows)
    yield table(
        ("host", "address", "roles", "labels"),
        [
            (
                host.name,
                host.address,
                ", ".join(host.roles),
                " ".join(f"{name}={value}" for name, value in host.labels.items()),
            )
            for host in spec.hosts
        ],
    )


def _failures(
    spec: ClusterSpec, state: RunState, plan: Plan, output: Mapping[str, Sequence[str]]
) -> Iterator[str]:
    failed = [(task, view) for task, view in _views(state, plan) if view.status == "failed"]
    if failed:
        yield "## What failed"
    for task, view in failed:
        host = task.host.name
        lines = output_of(tuple(output.get(host, ())), task.step.id)
        yield from _failure(spec, task, view, lines)


def _failure(
    spec: ClusterSpec, task: Task, view: TaskView, lines: tuple[str, ...]
) -> Iterator[str]:
    problem = view.problem or Problem(what=f"{task.step.id} failed")
    host, attempt = task.host.name, f", attempt {view.attempt}" if view.attempt else ""
    yield f"### {inline(task.step.title)} on {inline(host)} ({task.step.id})"
    yield f"After {duration(view.seconds)}{attempt}."
    yield f"**What:** {inline(problem.what)}"
    if problem.why:
        yield "**Why:**"
        yield remote_fence(problem.why)
    cause = likely(
        task.step.id, lines=lines, problem=problem, findings=view.findings, spec=spec
    )  # fmt: skip
    if problem.fix:
        yield f"**Do:** {inline(problem.fix)}"
    if cause is None:
        return
    yield f"**Likely:** {inline(cause.cause)}. {inline(cause.fix)}"
    yield f"Because of the line: {inline(cause.evidence)}"
    if cause.command:
        yield fence(cause.command, "sh")


def _left(state: RunState, plan: Plan) -> Iterator[str]:
    groups: dict[tuple[str, str, str], list[str]] = {}
    for task, view in _views(state, plan):
        if not view.done and view.status != "failed":
            key = (task.step.id, task.step.title, _left_because(view))
            groups.setdefault(key, []).append(task.host.name)
    if not groups:
        return
    yield "## What is left"
    yield table(
        ("step", "hosts", "because"),
        [
            (f"{title} ({step})", ", ".join(hosts), why)
            for (step, title, why), hosts in groups.items()
        ],
    )


def _left_because(view: TaskView) -> str:
    if view.status == "unknown":
        return "haui ended while the host was being changed; resume asks the host"
    if view.status in ("skipped", "cancelled") and view.problem is not None:
        return view.problem.what
    return {"pending": "not begun", "interrupted": "only looked at"}.get(view.status, view.status)


def _verification(state: RunState, plan: Plan) -> Iterator[str]:
    """The evidence of all verify steps in catalogue order, also of those outside of the plan."""
    order = list(dict.fromkeys(t.step.id for t in plan.tasks if t.step.phase == "verify"))
    for views in state.tasks.values():
        order += [step for step in views if step.startswith("verify.") and step not in order]
    hosts = [host.name for host in plan.spec.hosts]
    hosts += [host for host in state.tasks if host not in hosts]
    rows = [
        (found.what, host, found.expected, found.seen, _RESULTS.get(found.verdict, "note"))
        for step in order
        for host in hosts
        for found in state.task(host, step).findings
    ]
    if rows:
        yield "## Verification"
        yield table(("check", "host", "expected", "seen", "result"), rows)


def _phases(state: RunState, plan: Plan, timings: Mapping[str, Sequence[float]]) -> Iterator[str]:
    yield "## How it went"
    rows = []
    for phase in PHASES:
        views = [view for task, view in _views(state, plan) if task.step.phase == phase]
        if not views:
            continue
        counts = Counter(view.status for view in views)
        said = ", ".join(f"{number} {status}" for status, number in counts.items())
        rows.append((phase, str(len(views)), said, duration(busy_seconds(views))))
    yield table(("phase", "tasks", "how they ended", "time"), rows)
    slowest = sorted(timings.items(), key=lambda item: -max(item[1], default=0))[:_SLOWEST]
    if slowest:
        yield "The slowest steps, on the slowest host:"
        yield table(
            ("step", "hosts changed", "seconds"),
            [(step, str(len(took)), f"{max(took, default=0):.1f}") for step, took in slowest],
        )


def _next(spec: ClusterSpec, state: RunState, kubeconfig: Path) -> Iterator[str]:
    yield "## What to do next"
    if state.outcome != "ok":
        yield "Mend what is said above, then let haui go on where it stopped:"
        yield fence(f"haui resume {spec.name}", "sh")
        return
    yield "Use the cluster from this machine. The file is the key to everything, so keep it safe:"
    yield fence(f"export KUBECONFIG={shlex.quote(str(kubeconfig))}\nkubectl get nodes", "sh")
    yield "Prove it again at any time, for instance after an update of the hosts:"
    yield fence(f"haui verify {spec.name}", "sh")
    yield "Run something, and see on which nodes it is:"
    yield fence(
        "kubectl create deployment web --image=nginx --replicas=2\nkubectl get pods -o wide"
    )
    yield (
        "The certificates last a year unless the cluster file says otherwise; on each control "
        "plane `kubeadm certs check-expiration` tells until when, `kubeadm certs renew all` and a "
        "restart of the control plane's pods renew them, as every kubeadm upgrade does."
    )
    if spec.topology.kind != "external":
        yield "Back up etcd, daily and before each upgrade; without it a lost quorum is final:"
        yield fence(_ETCD_BACKUP.format(host=spec.first_control_plane.name), "sh")
    yield "Keep the shape of this cluster for the next one, without addresses and secrets:"
    answers = shlex.quote(str(kubeconfig.parent / "cluster.yaml"))
    yield fence(f"haui preset export {answers} > {spec.name}.yaml", "sh")


def _views(state: RunState, plan: Plan) -> list[tuple[Task, TaskView]]:
    return [(task, state.task(task.host.name, task.step.id)) for task in plan.tasks]

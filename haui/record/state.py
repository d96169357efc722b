"""What a run looks like at one moment, as a fold over its events.

`reduce` is pure. A live run and a replayed journal go through the same function, so that opening a
half-finished run and watching it are the same thing. It copies only what an event touches: one
host's tasks, not all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

from haui.events import (
    EtcdData,
    Event,
    Finding,
    HostConnected,
    HostLost,
    Outcome,
    PreflightResult,
    Problem,
    Purpose,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskIntent,
    TaskRetrying,
    TaskStarted,
    TaskWaiting,
)

TaskStatus = Literal["pending", "running", "waiting", "unknown", "interrupted"] | Outcome
"""pending: not begun · running: being looked at or changed · waiting: for a gate, a lane, a host ·
interrupted: haui ended while it was only being looked at · unknown: haui ended while it was being
changed, only the host knows · else how it ended."""

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class TaskView:
    """One step on one host. `seconds` is its duration, `attempt` the last change begun (0: none).

    `changing` says that the host is being changed by that attempt; `proved` that a probe
    found it done and nothing has changed it since; `since` when its status began; `retries` why
    haui has tried again by itself, in all sessions of the run.
    """

    status: TaskStatus = "pending"
    attempt: int = 0
    seconds: float = 0.0
    problem: Problem | None = None
    findings: tuple[Finding, ...] = ()
    title: str = ""
    reason: str = ""
    changing: bool = False
    proved: bool = False
    since: str = ""
    retries: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """Whether a probe proved it in its last turn."""
        return self.status in ("ok", "unchanged")


@dataclass(frozen=True, slots=True)
class Connection:
    """The connection to a host. `reason` says why it was lost."""

    up: bool
    fingerprint: str = ""
    reason: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """The last run of a cluster.

    `tasks` is host -> step -> view, `preflight` host -> check -> result, `total` the number of
    tasks in the plan, `settled_count` how many of them are done. `outcome` and `seconds` stay empty
    until the run has ended; `sessions` counts how often haui worked on this run. `purpose` says
    whether it installs or resets; `etcd_data` and `partial` (some `hosts` only) are a reset's.
    """

    run: str = ""
    purpose: Purpose = "apply"
    etcd_data: EtcdData = "keep"
    partial: bool = False
    cluster: str = ""
    haui: str = ""
    spec_sha: str = ""
    plan_sha: str = ""
    total: int = 0
    hosts: tuple[str, ...] = ()
    sessions: int = 0
    started_at: str = ""
    last_at: str = ""
    last_seq: int = 0
    outcome: str = ""
    seconds: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)
    settled_count: int = 0
    tasks: Mapping[str, Mapping[str, TaskView]] = field(default_factory=dict)
    connections: Mapping[str, Connection] = field(default_factory=dict)
    preflight: Mapping[str, Mapping[str, PreflightResult]] = field(default_factory=dict)

    @property
    def unfinished(self) -> bool:
        """Whether there is a run that `haui resume` would continue."""
        return bool(self.run) and self.outcome != "ok"

    @property
    def done(self) -> int:
        """How many of the `total` tasks are done. What is left out of a resumed run has been done
        before and is none of its tasks."""
        return min(self.settled_count, self.total)

    @property
    def gone(self) -> bool:
        """Whether the cluster was reset as a whole: there is none any more."""
        return self.purpose == "reset" and not self.partial and self.outcome == "ok"

    @property
    def word(self) -> str:
        """How the run stands, in a word or two; empty when there was none."""
        how = self.outcome or ("interrupted" if self.run else "")
        if self.purpose == "apply":
            return how
        if how != "ok":
            return "reset unfinished"
        return "partly reset" if self.partial else "reset"

    @property
    def ended(self) -> bool:
        """Whether the last session said how it ended (a killed one does not)."""
        return bool(self.outcome)

    def task(self, host: str, step: str) -> TaskView:
        """One task; a pending one when nothing is known of it."""
        views = self.tasks.get(host)
        return views.get(step, _PENDING) if views else _PENDING

    def settled(self) -> frozenset[str]:
        """The ids (`step@host`) of the tasks that were proved done and not changed since."""
        return frozenset(
            f"{step}@{host}"
            for host, views in self.tasks.items()
            for step, view in views.items()
            if view.proved
        )

    @property
    def begun(self) -> bool:
        """Whether any host may have been changed."""
        return any(view.attempt for views in self.tasks.values() for view in views.values())

    def open_attempts(self) -> tuple[tuple[str, str, int], ...]:
        """Host, step and attempt of every change whose result is not known."""
        return tuple(
            (host, step, view.attempt)
            for host, views in self.tasks.items()
            for step, view in views.items()
            if view.changing
        )

    def timings(self) -> dict[str, tuple[float, ...]]:
        """For each step the seconds that it took on the hosts where it changed something."""
        found: dict[str, list[float]] = {}
        for views in self.tasks.values():
            for step, view in views.items():
                if view.status == "ok":
                    found.setdefault(step, []).append(view.seconds)
        return {step: tuple(seconds) for step, seconds in found.items()}


_PENDING = TaskView()


def replay(events: Iterable[Event]) -> RunState:
    """The state after all events, e.g. `replay(journal.read(path).events())`."""
    state = RunState()
    for event in events:
        state = reduce(state, event)
    return state


def reduce(state: RunState, event: Event) -> RunState:
    """The state after one more event. Pure; unknown events change only `last_seq` and `last_at`."""
    match event:
        case RunStarted():
            return _run_started(state, event)
        case TaskStarted(host=host, step=step):
            return _task_event(_asked_anew(state, host, step), event)
        case TaskWaiting() | TaskIntent() | TaskRetrying() | TaskFinished():
            return _task_event(state, event)
        case HostConnected(host=host, fingerprint=fingerprint):
            return _connected(state, event, host, Connection(True, fingerprint, since=event.at))
        case HostLost(host=host, reason=reason):
            known = state.connections.get(host, Connection(False)).fingerprint
            return _connected(state, event, host, Connection(False, known, reason, event.at))
        case PreflightResult(host=host, check=check):
            checks = {**state.preflight.get(host, _NOTHING), check: event}
            preflight = {**state.preflight, host: checks}
            return replace(state, preflight=preflight, **_position(state, event))
        case RunFinished(outcome=outcome, seconds=seconds, counts=counts):
            return replace(
                state,
                outcome=outcome,
                seconds=seconds,
                counts=dict(counts),
                tasks={host: _left(views) for host, views in state.tasks.items()},
                **_position(state, event),
            )
    return replace(state, **_position(state, event))


def _asked_anew(state: RunState, host: str, step: str) -> RunState:
    """Without what a look has said before: what is well by now is not on record."""
    known = state.preflight.get(host, _NOTHING)
    kept = {check: said for check, said in known.items() if not step or said.step != step}
    if len(kept) == len(known):
        return state
    return replace(state, preflight={**state.preflight, host: kept})


def _position(state: RunState, event: Event) -> dict[str, Any]:
    return {"last_seq": max(state.last_seq, event.seq), "last_at": event.at or state.last_at}


def _run_started(state: RunState, event: RunStarted) -> RunState:
    """A new run begins empty; a resumed one keeps what is known, with open ends marked.

    What failed or was skipped before is ahead again.
    """
    same = event.resumed and event.run == state.run
    base = state if same else RunState()
    return replace(
        base,
        run=event.run,
        cluster=event.cluster,
        haui=event.haui,
        spec_sha=event.spec_sha,
        plan_sha=event.plan_sha,
        total=event.tasks,
        hosts=event.hosts,
        purpose=event.purpose,
        etcd_data=event.etcd_data,
        partial=event.partial,
        sessions=base.sessions + 1,
        started_at=base.started_at or event.at,
        outcome="",
        seconds=0.0,
        counts={},
        tasks={host: _ahead(_left(views)) for host, views in base.tasks.items()},
        connections={},
        **_position(state, event),
    )


def _left(views: Mapping[str, TaskView]) -> Mapping[str, TaskView]:
    """A host's tasks when haui has gone: what was going on has no known result."""
    return {step: _orphan(view) for step, view in views.items()}


def _orphan(view: TaskView) -> TaskView:
    if view.status not in ("running", "waiting"):
        return view
    status: TaskStatus = "unknown" if view.changing else "interrupted"
    return replace(view, status=status, reason="")


def _ahead(views: Mapping[str, TaskView]) -> Mapping[str, TaskView]:
    """A host's tasks when they are taken up again."""
    return {
        step: replace(view, status="pending", problem=None, findings=(), seconds=0.0)
        if view.status in ("failed", "skipped", "cancelled")
        else view
        for step, view in views.items()
    }


TaskEvent = TaskStarted | TaskWaiting | TaskIntent | TaskRetrying | TaskFinished


def _task_event(state: RunState, event: TaskEvent) -> RunState:
    views = state.tasks.get(event.host, _NOTHING)
    before = views.get(event.step, _PENDING)
    after = _task(before, event)
    # What this machine itself checks at the end is no task of the plan.
    planned = not state.hosts or event.host in state.hosts
    return replace(
        state,
        tasks={**state.tasks, event.host: {**views, event.step: after}},
        settled_count=state.settled_count + (after.proved - before.proved if planned else 0),
        **_position(state, event),
    )


def _task(view: TaskView, event: TaskEvent) -> TaskView:
    match event:
        case TaskStarted(title=title):
            return replace(
                view,
                status="running",
                title=title or view.title,
                reason="",
                problem=None,
                since=event.at,
            )
        case TaskWaiting(reason=reason):
            return replace(view, status="waiting", reason=reason)
        case TaskRetrying(reason=reason):
            retries = (*view.retries, reason)
            return replace(view, status="waiting", reason=event.said, retries=retries)
        case TaskIntent(attempt=attempt):
            return replace(
                view, status="running", attempt=attempt, reason="", changing=True, proved=False
            )
        case TaskFinished(outcome=outcome):
            return _finished(view, event, proved=outcome in ("ok", "unchanged"))


def _finished(view: TaskView, event: TaskFinished, *, proved: bool) -> TaskView:
    """A skipped or cancelled task says nothing new about the host: its proof stays."""
    untouched = event.outcome in ("skipped", "cancelled") and not view.changing
    return TaskView(
        status=event.outcome,
        attempt=event.attempt or view.attempt,
        seconds=event.seconds,
        problem=event.problem,
        findings=event.findings,
        title=view.title,
        proved=proved or (untouched and view.proved),
        since=event.at,
        retries=view.retries,
    )


def _connected(state: RunState, event: Event, host: str, connection: Connection) -> RunState:
    connections = {**state.connections, host: connection}
    return replace(state, connections=connections, **_position(state, event))

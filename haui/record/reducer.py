"""The state of a run as a fold over its events.

`reduce` is pure. A live run and a replayed journal go through the same function, so that opening a
half-finished run and watching it are the same thing. It copies only what an event touches: one
host's tasks, not all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from haui.events import (
    Event,
    HostConnected,
    HostLost,
    PreflightResult,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskIntent,
    TaskRetrying,
    TaskStarted,
    TaskWaiting,
)
from haui.record.state import Connection, RunState, TaskStatus, TaskView

_NOTHING: Mapping[str, Any] = MappingProxyType({})
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


def left_behind(state: RunState) -> RunState:
    """The run when the haui that made it has gone: what was going on has no known result, and
    nothing is connected."""
    tasks = {host: _left(views) for host, views in state.tasks.items()}
    return replace(state, tasks=tasks, connections={})


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

"""A small run as events, numbered and stamped, shared by the tests of what follows a run."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from haui.events import (
    Event,
    Finding,
    HostConnected,
    HostLost,
    PreflightResult,
    Problem,
    RunFinished,
    RunStarted,
    TaskDrifted,
    TaskFinished,
    TaskIntent,
    TaskOutput,
    TaskRetrying,
    TaskStarted,
    TaskWaiting,
)

START = datetime(2026, 11, 21, 12, 3, 4, tzinfo=UTC)


def numbered(*events: Event, first: int = 1) -> list[Event]:
    """The events with numbers and times a second apart."""
    return [
        replace(event, seq=first + index, at=at(first + index))
        for index, event in enumerate(events)
    ]


def at(second: int) -> str:
    """The stamp that the sample run gives to event number `second`."""
    moment = START + timedelta(seconds=second)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")


def run_started(*, resumed: bool = False, run: str = "r1", tasks: int = 4) -> RunStarted:
    return RunStarted(
        run=run,
        cluster="atlas",
        haui="0.1.0",
        spec_sha="5e",
        plan_sha="9a",
        tasks=tasks,
        hosts=("cp1", "wk1"),
        resumed=resumed,
    )


FAILED = TaskFinished(
    host="wk1",
    step="worker.join",
    outcome="failed",
    seconds=64.5,
    attempt=2,
    findings=(Finding(verdict="differs", what="kubelet", expected="active", seen="failed"),),
    problem=Problem(
        what="kubelet did not start\u2028on wk1",
        why='line "one"\n\ttab \x1b[31m \x85 \ufeff ♥ 𝄞',
        fix="free /var",
    ),
)


def sample() -> list[Event]:
    """One of each kind, in a believable order."""
    return numbered(
        run_started(),
        HostConnected(host="cp1", fingerprint="SHA256:abc"),
        HostConnected(host="wk1"),
        PreflightResult(
            host="cp1", check="swap", verdict="differs", expected="off", seen="on: /swap"
        ),
        TaskStarted(host="cp1", step="control_plane.init", title="Start the control plane"),
        TaskWaiting(host="cp1", step="control_plane.init", reason="etcd"),
        TaskIntent(host="cp1", step="control_plane.init", attempt=1),
        TaskOutput(host="cp1", step="control_plane.init", lines=("[init] hello",)),
        TaskRetrying(
            host="cp1",
            step="control_plane.init",
            number=2,
            of=3,
            reason="a server is busy",
            pause_s=15.0,
            attempt=1,
            lines="503  Service Unavailable",
        ),
        TaskIntent(host="cp1", step="control_plane.init", attempt=2),
        TaskFinished(host="cp1", step="control_plane.init", outcome="ok", seconds=35.2, attempt=2),
        HostLost(host="wk1", reason="no answer for 20 s"),
        TaskDrifted(
            host="wk1",
            step="worker.join",
            findings=(Finding(verdict="differs", what="kubelet", expected="on", seen="off"),),
        ),
        TaskIntent(host="wk1", step="worker.join", attempt=2, reattached=True),
        FAILED,
        RunFinished(outcome="failed", seconds=101.25, counts={"ok": 1, "failed": 1, "skipped": 2}),
    )

"""How far hosts and phases are, event by event."""

from __future__ import annotations

import random
from collections.abc import Iterable

import pytest

from haui.events import (
    Event,
    HostConnected,
    HostLost,
    Problem,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskIntent,
    TaskStarted,
    TaskWaiting,
)
from haui.live.progress import HostProgress, PhaseProgress, Progress, Stage
from haui.plan import build_plan
from haui.record.reducer import reduce
from haui.record.state import RunState
from haui.step import Plan
from tests.unit.scripted_run import Ran, cluster, install, prepared, step

PLAN = build_plan(cluster(), install())
AT = "2026-11-21T10:51:02.000Z"


def begun(*, resumed: bool = False) -> RunStarted:
    return RunStarted(
        run="r1", cluster="atlas", haui="1", spec_sha="", plan_sha="", tasks=len(PLAN.tasks),
        hosts=(), resumed=resumed,
    )  # fmt: skip


def done(step: str, host: str, outcome: str = "ok", what: str = "") -> TaskFinished:
    problem = Problem(what=what) if what else None
    return TaskFinished(at=AT, host=host, step=step, outcome=outcome, seconds=1, problem=problem)  # type: ignore[arg-type]


class Watched:
    """A progress that is fed with events as a run feeds it."""

    def __init__(self, *events: Event, before: RunState | None = None, plan: Plan = PLAN) -> None:
        self.state = before or RunState()
        self.progress = Progress(plan, self.state)
        self.progress.stage = "live"
        self.feed(*events)

    def feed(self, *events: Event) -> None:
        for event in events:
            host, step = getattr(event, "host", ""), getattr(event, "step", "")
            before = self.state.task(host, step)
            self.state = reduce(self.state, event)
            if step:
                self.progress.follow(self.state, host, step, before)
            elif host:
                self.progress.connection(self.state)
            else:
                self.progress.renew(self.state)

    def host(self, name: str) -> HostProgress:
        return self.progress.host(name)


def through(*steps: str, hosts: Iterable[str] = ("cp1", "cp2", "cp3", "w1", "w2")) -> list[Event]:
    return [done(step, host) for host in hosts for step in steps]


def test_before_anything_has_happened() -> None:
    watched = Watched()
    assert watched.host("cp1") == HostProgress(
        total=4, step_id="pre.check", step_title="The pre.check step"
    )
    assert watched.host("nowhere") == HostProgress()
    assert [(p.phase, p.done, p.total) for p in watched.progress.phases()] == [
        ("preflight", 0, 5),
        ("system", 0, 5),
        ("control-plane", 0, 3),
        ("workers", 0, 2),
        ("verify", 0, 1),
    ]


def test_what_comes_after_others_waits_until_they_are_over_however_they_ended() -> None:
    looks = (
        step("pre.check", "preflight", reads=True),
        step("pre.compare", "preflight", reads=True, after=("pre.check",)),
    )
    watched = Watched(begun(), done("pre.check", "cp1"), plan=build_plan(cluster(), looks))
    assert watched.host("cp1").reason == "waits for cp2: The pre.check step"
    watched.feed(*(done("pre.check", host) for host in ("cp3", "w1", "w2")))
    watched.feed(TaskStarted(at=AT, host="cp2", step="pre.check", title="x"))
    assert watched.host("cp1").reason == "waits for cp2: The pre.check step"
    assert not set(watched.progress.woken("cp2", "pre.check"))
    watched.feed(done("pre.check", "cp2", "failed", "no memory"))
    assert watched.host("cp1").reason == ""
    assert "cp1" in watched.progress.woken("cp2", "pre.check")


def test_a_task_on_its_way() -> None:
    watched = Watched(begun(), TaskStarted(at=AT, host="w1", step="pre.check", title="x"))
    assert watched.host("w1") == HostProgress(
        total=3, status="running", step_id="pre.check", step_title="The pre.check step", since=AT
    )
    watched.feed(TaskWaiting(at=AT, host="w1", step="pre.check", reason="waits for its turn"))
    assert (watched.host("w1").status, watched.host("w1").reason) == (
        "waiting",
        "waits for its turn",
    )
    watched.feed(TaskIntent(at=AT, host="w1", step="pre.check", attempt=1))
    assert watched.host("w1").status == "running"
    watched.feed(done("pre.check", "w1"))
    assert (watched.host("w1").done, watched.host("w1").step_id) == (1, "sys.prepare")


def test_an_idle_host_says_for_whom_it_waits() -> None:
    watched = Watched(begun(), *through("pre.check", "sys.prepare"))
    assert watched.host("cp2").reason == "waits for cp1: The cp.init step"
    watched.feed(done("cp.init", "cp1"))
    assert watched.host("cp2").reason == ""
    assert watched.host("w1").reason == "waits for cp2: The cp.join step"
    watched.feed(done("cp.join", "cp2"))
    assert watched.host("w1").reason == "waits for cp3: The cp.join step"


def test_a_host_that_was_said_to_wait_is_woken_when_the_wait_is_over() -> None:
    """Its own state has not changed, but what is said of it has."""
    watched = Watched(begun(), *through("pre.check", "sys.prepare"))
    assert watched.host("cp2").reason == "waits for cp1: The cp.init step"
    assert list(watched.progress.woken("cp1", "cp.init")) == []
    watched.feed(done("cp.init", "cp1"))
    assert list(watched.progress.woken("cp1", "cp.init")) == ["cp2"]
    assert list(watched.progress.woken("cp1", "cp.init")) == []
    assert list(watched.progress.woken("moon", "cp.init")) == []


def test_a_host_that_is_done() -> None:
    watched = Watched(begun(), *through("pre.check", "sys.prepare", "w.join", hosts=["w1"]))
    assert watched.host("w1") == HostProgress(done=3, total=3, status="done", since=AT)


def test_a_failure_and_what_it_cuts_off() -> None:
    watched = Watched(begun(), *through("pre.check"))
    watched.feed(done("sys.prepare", "cp2", "failed", "no space"))
    host = watched.host("cp2")
    assert (host.status, host.step_id, host.reason) == ("failed", "sys.prepare", "no space")
    watched.feed(done("cp.join", "cp2", "skipped"), done("w.join", "w1", "skipped", "cut off"))
    assert watched.host("cp2").status == "failed"
    watched.feed(TaskStarted(at=AT, host="w1", step="sys.prepare"))
    assert watched.host("w1").status == "running"
    watched.feed(done("sys.prepare", "w1"))
    host = watched.host("w1")
    assert (host.status, host.step_id, host.reason) == ("skipped", "w.join", "cut off")
    assert watched.progress.phases()[1] == PhaseProgress(
        phase="system", done=1, total=5, failed=1, running=0
    )


def test_a_retry_takes_the_failure_back() -> None:
    watched = Watched(begun(), done("pre.check", "w1", "failed", "bad"))
    watched.feed(TaskStarted(at=AT, host="w1", step="pre.check"))
    assert watched.host("w1").status == "running"
    assert watched.progress.phases()[0].failed == 0
    watched.feed(done("pre.check", "w1"))
    assert watched.progress.phases()[0].done == 1


def test_a_lost_connection_shows_until_it_is_back() -> None:
    watched = Watched(begun(), TaskStarted(at=AT, host="w1", step="pre.check"))
    watched.feed(HostLost(at=AT, host="w1", reason="timed out"))
    host = watched.host("w1")
    assert (host.status, host.step_id, host.reason, host.since) == (
        "lost",
        "pre.check",
        "timed out",
        AT,
    )
    watched.feed(HostConnected(at=AT, host="w1"))
    assert watched.host("w1").status == "running"


@pytest.mark.parametrize(("stage", "status"), [("before", "waiting"), ("over", "skipped")])
def test_what_never_began_when_nothing_goes_on(stage: Stage, status: str) -> None:
    watched = Watched(begun(), done("pre.check", "w1"), HostLost(host="w1", reason="gone"))
    watched.progress.stage = stage
    assert watched.host("w1").status == status


def test_a_resumed_run_counts_what_is_proved_and_has_failures_ahead() -> None:
    first = Watched(begun(), *through("pre.check"), done("sys.prepare", "w1", "failed", "bad"))
    first.feed(done("w.join", "w1", "skipped"), RunFinished(outcome="failed", seconds=1))
    again = Watched(before=first.state)
    assert again.host("w1").status == "failed"
    again.feed(begun(resumed=True))
    host = again.host("w1")
    assert (host.status, host.done, host.step_id) == ("waiting", 1, "sys.prepare")
    again.feed(TaskStarted(at=AT, host="w1", step="pre.check"))
    assert (again.host("w1").done, again.host("w1").status) == (1, "running")


def test_following_comes_to_the_same_as_counting_anew() -> None:
    """A real sequence of events, with a failure and a stop, cut off anywhere."""
    fleet = prepared([host.name for host in cluster().hosts])
    ran = Ran(fleet)
    fleet.play(ran.go(PLAN))
    events: list[Event] = [begun(), *ran.bus.events]
    for cut in random.Random(1).sample(range(len(events)), 20):
        watched = Watched(*events[:cut])
        anew = Progress(PLAN, watched.state)
        anew.stage = "live"
        for host in cluster().hosts:
            assert watched.host(host.name) == anew.host(host.name), f"cut at {cut}"
        assert watched.progress.phases() == anew.phases()
    whole = Watched(*events)
    assert {whole.host(host.name).status for host in cluster().hosts} == {"done"}
    assert all(p.done == p.total for p in whole.progress.phases())

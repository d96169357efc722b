"""A LiveRun that is fed with events instead of hosts: everything behind it is the real thing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from haui.errors import HauiError
from haui.events import (
    Event,
    HostConnected,
    HostLost,
    Outcome,
    Problem,
    RunFinished,
    RunStarted,
    TaskFinished,
    TaskIntent,
    TaskOutput,
    TaskStarted,
    TaskWaiting,
)
from haui.execution.decisions import Decision, Undecided
from haui.execution.tally import FailedTask, RunResult
from haui.live.run import LiveRun
from haui.live.site import RealSite, RehearsalSite
from haui.record.stamp import stamp
from haui.record.state import TaskView
from haui.secret import Secret
from haui.spec import ClusterSpec
from haui.step import Task
from haui.transport.credentials import Credentials
from tests.screens.plans import short_plan

START = datetime(2026, 11, 21, 10, 43, tzinfo=UTC)

LINES = (
    "[preflight] Running pre-flight checks",
    "[preflight] Pulling images required for setting up a Kubernetes cluster",
    '[certs] Using certificateDir folder "/etc/kubernetes/pki"',
    '[certs] Generating "apiserver" certificate and key',
    "[WARNING Hostname]: hostname could not be resolved by the configured resolver",
    '[kubeconfig] Writing "admin.conf" kubeconfig file',
    "[etcd] Announced new etcd member joining to the existing etcd cluster",
    "[kubelet-check] The kubelet is not healthy yet, waiting",
    "error execution phase check-etcd: etcd cluster is not healthy: dial tcp 10.30.0.12:2380",
    "[mark-control-plane] Marking the node as control-plane by adding the labels",
)
"""What a join prints, near enough."""


def fleet(hosts: int, *, name: str = "atlas") -> ClusterSpec:
    """A cluster of so many hosts: one or three control planes, the rest workers."""
    planes = min(hosts, 3)
    entries = [
        {"name": f"cp-{n}", "address": f"10.30.0.{10 + n}", "roles": ["control-plane"]}
        for n in range(1, planes + 1)
    ]
    entries += [
        {
            "name": f"wk-{n}",
            "address": f"10.30.{1 + n // 200}.{1 + n % 200}",
            "roles": ["worker"],
        }
        for n in range(1, hosts - planes + 1)
    ]
    data: dict[str, Any] = {
        "name": name,
        "profile": "test",
        "kubernetes": {"version": "1.34.2"},
        "endpoint": {
            "kind": "keepalived-haproxy",
            "name": "api.atlas.lan",
            "vip": "10.30.0.100",
            "port": 8443,
        },
        "network": {"pods": "10.128.0.0/14"},
        "hosts": entries,
    }
    return ClusterSpec.model_validate(data)


class FakeLive(LiveRun):
    """`start` does nothing; events come from the test. The time of events is `at`, which `wait_s`
    moves on."""

    def __init__(
        self, spec: ClusterSpec, folder: Path, *, rehearsal: bool = False, resume: bool = False
    ) -> None:
        site = (
            RehearsalSite(folder, in_process=True)
            if rehearsal
            else RealSite(Credentials({"registry_password": Secret("hunter2")}), folder)
        )
        super().__init__("apply", spec, site, resume=resume, now=lambda: self.at)
        self._lay_out(short_plan(spec))
        self.at = START
        self.sent = 0
        self.store.create()

    @property
    def started(self) -> bool:
        return True

    def start(self) -> None:
        """Nothing runs."""

    def wait_s(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)

    def feed(self, *events: Event) -> None:
        """Hand out events as the bus would."""
        for event in events:
            self.sent += 1
            event = replace(event, seq=self.sent, at=stamp(self.at))
            self._follow(event)
            self.logs(event)

    def resume(self) -> None:
        """The run is continued by another session."""
        self.begin(resumed=True)

    def begin(self, *, resumed: bool = False) -> None:
        """The run begins, and every host is connected."""
        names = tuple(host.name for host in self.spec.hosts)
        self.feed(
            RunStarted(
                run="r1",
                cluster=self.spec.name,
                haui="1.0",
                spec_sha="s",
                plan_sha="p",
                tasks=len(self.plan.tasks),
                hosts=names,
                resumed=resumed,
            ),
            *(HostConnected(host=name) for name in names),
        )

    def tasks_of(self, host: str) -> Sequence[Task]:
        """The tasks of a host in their order."""
        return [task for task in self.plan.tasks if task.host.name == host]

    def run_task(self, task: Task) -> None:
        """A task begins to change its host."""
        host, step = task.host.name, task.step.id
        self.feed(
            TaskStarted(host=host, step=step, title=task.step.title),
            TaskIntent(host=host, step=step, attempt=1),
        )

    def say(self, task: Task, *lines: str) -> None:
        """A task prints lines."""
        self.feed(TaskOutput(host=task.host.name, step=task.step.id, lines=lines))

    def end_task(
        self, task: Task, outcome: Outcome = "ok", seconds: float = 3.0,
        problem: Problem | None = None,
    ) -> TaskFinished:  # fmt: skip
        """A task ends."""
        event = TaskFinished(
            host=task.host.name, step=task.step.id, outcome=outcome, seconds=seconds,
            attempt=1, problem=problem,
        )  # fmt: skip
        self.feed(event)
        return event

    def do(self, task: Task, seconds: float = 3.0) -> None:
        """A whole task, with two lines."""
        self.run_task(task)
        self.say(task, *LINES[:2])
        self.end_task(task, seconds=seconds)

    def wait_for(self, task: Task, reason: str) -> None:
        """A task waits."""
        self.feed(
            TaskStarted(host=task.host.name, step=task.step.id, title=task.step.title),
            TaskWaiting(host=task.host.name, step=task.step.id, reason=reason),
        )

    def fail(self, task: Task, problem: Problem, seconds: float = 124.0) -> str:
        """A task fails and waits for a decision; its id."""
        if self.state.task(task.host.name, task.step.id).status != "running":
            self.run_task(task)
        finished = self.end_task(task, "failed", seconds, problem)
        undecided = Undecided(
            host=task.host.name, step=task.step.id, title=task.step.title, finished=finished
        )
        answer = self.deciding.put(undecided)
        answer.add_done_callback(lambda _: self.deciding.drop(undecided))
        self.decisions: dict[str, asyncio.Future[Decision]] = {
            **getattr(self, "decisions", {}),
            undecided.id: answer,
        }
        return undecided.id

    def decision(self, task_id: str) -> Decision | None:
        """What was decided about a failure; None while nothing is."""
        answer = self.decisions[task_id]
        return answer.result() if answer.done() else None

    def lose(self, host: str, reason: str = "connection reset by peer") -> None:
        """The connection to a host is gone."""
        self.feed(HostLost(host=host, reason=reason))

    def finish(self, outcome: str = "ok", error: HauiError | None = None) -> None:
        """The run ends."""
        counts: dict[str, int] = {}
        for views in self.state.tasks.values():
            for view in views.values():
                counts[view.status] = counts.get(view.status, 0) + 1
        for undecided in self.undecided:
            self.deciding.drop(undecided)
        self.feed(RunFinished(outcome=outcome, seconds=700.0, counts=counts))  # type: ignore[arg-type]
        if error is None:
            self.result = RunResult(
                outcome=outcome,  # type: ignore[arg-type]
                seconds=700.0,
                counts=counts,
                changed=counts.get("ok", 0),
                left=0,
                failed=tuple(self._failed_tasks()),
            )
        self._end(error)

    def _failed_tasks(self) -> list[FailedTask]:
        return [
            FailedTask(host=host, step=step, cause="step", problem=_problem(view))
            for host, views in self.state.tasks.items()
            for step, view in views.items()
            if view.status == "failed"
        ]


def _problem(view: TaskView) -> Problem:
    return view.problem or Problem(what="it failed")


JOIN_FAILED = Problem(
    what="etcd on cp-2 was added but never came in sync with the leader",
    why='"etcdserver: can only promote a learner member which is in sync with leader"\n'
    '"dial tcp 10.30.0.12:2380: i/o timeout"',
    fix="Let port 2380 through between the control planes.",
)


def midway(live: FakeLive, *, share: float = 0.6) -> None:
    """That part of the plan done; what can run next runs, every fifth of it waits for its turn."""
    live.begin()
    done: set[str] = set()
    for task in live.plan.tasks[: int(len(live.plan.tasks) * share)]:
        live.do(task)
        done.add(task.id)
        live.wait_s(60 / len(live.plan.tasks))
    for index, host in enumerate(live.spec.hosts):
        following = next((t for t in live.tasks_of(host.name) if t.id not in done), None)
        if following is None or not following.needs <= done:
            continue
        if index % 5 == 4:
            live.wait_for(following, "waits for its turn: 5 at once")
        else:
            live.run_task(following)
            live.say(following, *LINES)
    live.wait_s(37)


def fail_current(live: FakeLive, host: str, problem: Problem) -> str:
    """What the host is doing, or would do next, fails; the task's id."""
    step = live.progress(host).step_id
    return live.fail(next(t for t in live.tasks_of(host) if t.step.id == step), problem)


def complete(live: FakeLive) -> None:
    """Every task done."""
    live.begin()
    for task in live.plan.tasks:
        live.do(task)
    live.wait_s(5)

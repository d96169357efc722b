"""How far each host and each phase is, kept up with every event instead of counted each time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from haui.record.state import Connection, RunState, TaskView
from haui.step import PHASES, Phase, Plan, Task

Stage = Literal["before", "live", "over"]

HostStatus = Literal["waiting", "running", "done", "failed", "lost", "skipped"]
"""waiting: for other hosts, a gate or its turn · failed: a task of it failed · lost: its connection
is gone and being dialled · skipped: nothing more is done to it in this run."""

Doing = Literal["", "running", "waiting", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostProgress:
    """One host at one moment. `done` of `total` tasks are proved; `since` is a stamp.

    The step is what is running, waited for, or failed; `reason` says why it waits or failed.
    """

    done: int = 0
    total: int = 0
    status: HostStatus = "waiting"
    step_id: str = ""
    step_title: str = ""
    reason: str = ""
    since: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhaseProgress:
    """One phase over all hosts, in numbers of tasks."""

    phase: Phase
    done: int
    total: int
    failed: int
    running: int


class _Counts:
    """How many tasks of a host or a phase are in which state."""

    def __init__(self) -> None:
        self.total = 0
        self.done = 0
        self.doing: dict[Doing, int] = {"running": 0, "waiting": 0, "failed": 0, "skipped": 0}

    def add(self, view: TaskView, sign: int) -> None:
        self.done += sign * view.proved
        doing = _doing(view)
        if doing:
            self.doing[doing] += sign


class _HostCounts(_Counts):
    """A host's tasks in their order; `first` is the first one that may not be done yet."""

    def __init__(self) -> None:
        super().__init__()
        self.tasks: list[Task] = []
        self.first = 0
        self.current = ""
        """The step that the last event was about."""
        self.failed = ""
        self.skipped_at = ""


class Progress:
    """The progress of one plan. `renew` takes a whole state, `follow` the change of one task."""

    def __init__(self, plan: Plan, state: RunState) -> None:
        self.stage: Stage = "before"
        """Whether the session is still to begin, is going on, or has ended."""
        self._state = state
        self._hosts: dict[str, _HostCounts] = {}
        self._phases: dict[Phase, _Counts] = {}
        self._tasks: dict[str, Task] = {}
        self._met: dict[str, int] = {}
        """For each task the number of its needs that were found met, in their order."""
        self._needs: dict[str, tuple[Task, ...]] = {}
        self._sleepers: dict[str, set[str]] = {}
        """For each task the hosts of which it was said that they wait for it."""
        for task in plan.tasks:
            self._tasks[task.id] = task
            host = self._hosts.setdefault(task.host.name, _HostCounts())
            host.tasks.append(task)
            for counts in (host, self._phases.setdefault(task.step.phase, _Counts())):
                counts.total += 1
        order = {task.id: index for index, task in enumerate(plan.tasks)}
        for task in plan.tasks:
            ids = sorted(task.needs | task.after, key=order.__getitem__)
            needs = (self._tasks[need] for need in ids)
            self._needs[task.id] = tuple(n for n in needs if n.host.name != task.host.name)
        self.renew(state)

    @property
    def hosts(self) -> Iterable[str]:
        """The names of the plan's hosts, in no order that means anything."""
        return self._hosts.keys()

    def renew(self, state: RunState) -> None:
        """Count everything anew: at the beginning and at the end of a session."""
        self._state = state
        self._met.clear()
        for counts in (*self._hosts.values(), *self._phases.values()):
            counts.done = 0
            counts.doing = dict.fromkeys(counts.doing, 0)
        for host in self._hosts.values():
            host.first, host.failed, host.current, host.skipped_at = 0, "", "", ""
        for task in self._tasks.values():
            view = state.task(task.host.name, task.step.id)
            self._count(task, view, +1)
            self._note(task, view)

    def follow(self, state: RunState, host: str, step: str, before: TaskView) -> bool:
        """`step` on `host` has changed from `before` to what it is in `state`.

        Whether the task is one of the plan's.
        """
        self._state = state
        task = self._tasks.get(f"{step}@{host}")
        if task is None:
            return False
        after = state.task(host, step)
        self._count(task, before, -1)
        self._count(task, after, +1)
        self._note(task, after)
        return True

    def woken(self, host: str, step: str) -> Iterable[str]:
        """The hosts of which it was last said that they wait for this task, now that it is over."""
        task = self._tasks.get(f"{step}@{host}")
        if task is None or not (self._done(task) or self._over(task)):
            return ()
        return self._sleepers.pop(task.id, ())

    def connection(self, state: RunState) -> None:
        """A connection has changed; only `state` has it."""
        self._state = state

    def host(self, name: str) -> HostProgress:
        """One host; an empty one when the plan has no such host. In constant time (amortised)."""
        host = self._hosts.get(name)
        if host is None:
            return HostProgress()
        status, step, reason, since = self._status(host, name)
        task = self._tasks.get(f"{step}@{name}")
        return HostProgress(
            done=host.done,
            total=host.total,
            status=status,
            step_id=step,
            step_title=task.step.title if task else "",
            reason=reason,
            since=since,
        )

    def phases(self) -> tuple[PhaseProgress, ...]:
        """The phases that the plan has, in their order."""
        return tuple(
            PhaseProgress(
                phase=phase,
                done=counts.done,
                total=counts.total,
                failed=counts.doing["failed"],
                running=counts.doing["running"] + counts.doing["waiting"],
            )
            for phase in PHASES
            if (counts := self._phases.get(phase)) is not None
        )

    def _count(self, task: Task, view: TaskView, sign: int) -> None:
        self._hosts[task.host.name].add(view, sign)
        self._phases[task.step.phase].add(view, sign)

    def _note(self, task: Task, view: TaskView) -> None:
        host, doing = self._hosts[task.host.name], _doing(view)
        if doing in ("running", "waiting"):
            host.current = task.step.id
        if doing == "failed":
            host.failed = task.step.id
        if doing == "skipped":
            host.skipped_at = host.skipped_at or task.step.id

    def _status(self, host: _HostCounts, name: str) -> tuple[HostStatus, str, str, str]:
        """Status, step, reason and since."""
        state, doing = self._state, host.doing
        busy = doing["running"] + doing["waiting"]
        connection = state.connections.get(name, _UP)
        if not connection.up and self.stage == "live":
            return "lost", host.current, connection.reason, connection.since
        if doing["failed"] and not busy:
            view = state.task(name, host.failed)
            return "failed", host.failed, _what(view), view.since
        if busy:
            view = state.task(name, host.current)
            status: HostStatus = "waiting" if doing["waiting"] else "running"
            return status, host.current, view.reason, view.since
        if host.done == host.total:
            view = state.task(name, host.tasks[-1].step.id)
            return "done", "", "", view.since
        if doing["skipped"]:
            view = state.task(name, host.skipped_at)
            return "skipped", host.skipped_at, _what(view), view.since
        waiting = self._next(host)
        if self.stage == "over":
            return "skipped", waiting.step.id, "the run ended before it", ""
        return "waiting", waiting.step.id, self._waits_for(waiting), ""

    def _next(self, host: _HostCounts) -> Task:
        """The first task that is not done."""
        last = len(host.tasks) - 1
        while host.first < last and self._done(host.tasks[host.first]):
            host.first += 1
        return host.tasks[host.first]

    def _waits_for(self, task: Task) -> str:
        """The first of the task's needs on other hosts that is not met: done, or at least over."""
        needs = self._needs[task.id]
        met = self._met.get(task.id, 0)
        while met < len(needs) and (
            self._done(needs[met]) or (needs[met].id in task.after and self._over(needs[met]))
        ):
            met += 1
        self._met[task.id] = met
        if met == len(needs):
            return ""
        need = needs[met]
        self._sleepers.setdefault(need.id, set()).add(task.host.name)
        return f"waits for {need.host.name}: {need.step.title}"

    def _done(self, task: Task) -> bool:
        return self._state.task(task.host.name, task.step.id).proved

    def _over(self, task: Task) -> bool:
        return self._state.task(task.host.name, task.step.id).status in _OVER


_UP = Connection(True)
_OVER = ("ok", "unchanged", "failed", "skipped", "cancelled")


def _doing(view: TaskView) -> Doing:
    match view.status:
        case "running" | "waiting" | "failed":
            return view.status
        case "skipped" | "cancelled":
            return "" if view.proved else "skipped"
    return ""


def _what(view: TaskView) -> str:
    return view.problem.what if view.problem else view.reason

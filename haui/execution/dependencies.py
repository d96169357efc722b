"""Which task waits for which, how many things each still waits for, and which are over."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator

from haui.step import Plan, Task


class Dependencies:
    """The bookkeeping of one plan. `begin` is called with each task that waits for nothing more.

    On top of its needs, the first task of each host waits for the host's connection.
    """

    def __init__(self, plan: Plan, begin: Callable[[Task], object]) -> None:
        self.over: set[str] = set()
        """The ids of the tasks that ended, or that will not be begun."""
        self.by_host: dict[str, list[Task]] = {}
        self._begin = begin
        self._unmet = {task.id: len(task.needs | task.after) for task in plan.tasks}
        self._dependents: dict[str, list[Task]] = {task.id: [] for task in plan.tasks}
        self._followers: dict[str, list[Task]] = {task.id: [] for task in plan.tasks}
        """Those that come after a task however it ends."""
        self._given: set[tuple[str, str]] = set()
        """Which task has let which other one go on."""
        for task in plan.tasks:
            self.by_host.setdefault(task.host.name, []).append(task)
            for need in task.needs:
                self._dependents[need].append(task)
            for before in task.after - task.needs:
                self._followers[before].append(task)
        for first in self.firsts:
            self._unmet[first.id] += 1

    @property
    def firsts(self) -> tuple[Task, ...]:
        """The first task of each host."""
        return tuple(tasks[0] for tasks in self.by_host.values())

    def met(self, task: Task) -> None:
        """One thing that `task` waits for has come true."""
        self._unmet[task.id] -= 1
        if self._unmet[task.id] == 0 and task.id not in self.over:
            self._begin(task)

    def fulfil(self, cause: Task) -> None:
        """Nobody waits for `cause` any more; harmless when repeated."""
        for dependent in (*self._dependents[cause.id], *self._followers[cause.id]):
            if dependent.id not in self.over:
                self._give(cause, dependent)

    def let_pass(self, host: str) -> None:
        """Preflight counts as passed for that host, for the others."""
        for cause in self.by_host[host]:
            for follower in self._followers[cause.id]:
                if follower.host.name != host and follower.id not in self.over:
                    self._give(cause, follower)
            for dependent in self._dependents[cause.id]:
                if _only_barrier(cause, dependent) and dependent.id not in self.over:
                    self._give(cause, dependent)

    def cut(self, failed: Task, *, lenient: bool, silent: bool = False) -> Iterator[Task]:
        """Put an end to all that needs `failed`. Lenient: the barrier counts as passed.

        An install that has already begun goes on without a host that is gone; one that has not
        begun must not begin. What only comes after `failed` goes on; of its own host nothing does
        when that was `silent`, so that nothing can be found out about it.
        """
        queue = deque([failed])
        while queue:
            cause = queue.popleft()
            for follower in self._followers[cause.id]:
                if follower.id in self.over or (cause.id, follower.id) in self._given:
                    continue
                if not silent or follower.host.name != cause.host.name:
                    self._give(cause, follower)
                    continue
                self.over.add(follower.id)
                queue.append(follower)
                yield follower
            for dependent in self._dependents[cause.id]:
                if dependent.id in self.over or (cause.id, dependent.id) in self._given:
                    continue
                if lenient and _only_barrier(cause, dependent):
                    self._give(cause, dependent)
                    continue
                self.over.add(dependent.id)
                queue.append(dependent)
                yield dependent

    def drop(self, which: Callable[[Task], bool]) -> tuple[Task, ...]:
        """Put an end to tasks before anything was begun."""
        rest = tuple(task for tasks in self.by_host.values() for task in tasks if which(task))
        self.over.update(task.id for task in rest)
        return rest

    def leave_out(self, host: str) -> tuple[Task, ...]:
        """Put an end to what is left of a host; `fulfil` each of them when that is on record."""
        rest = tuple(task for task in self.by_host[host] if task.id not in self.over)
        self.over.update(task.id for task in rest)
        return rest

    def _give(self, cause: Task, dependent: Task) -> None:
        if (cause.id, dependent.id) not in self._given:
            self._given.add((cause.id, dependent.id))
            self.met(dependent)


def _only_barrier(cause: Task, dependent: Task) -> bool:
    """Whether `dependent` needs `cause` only as one of all preflight tasks."""
    return (
        cause.step.phase == "preflight"
        and dependent.step.phase != "preflight"
        and cause.host.name != dependent.host.name
        and cause.step.id not in dependent.step.needs
    )

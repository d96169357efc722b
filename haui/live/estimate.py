"""How long a run will still take, from what its steps took before. Nothing is guessed.

A step takes as long as it took on any host in an earlier install that ended well: to change the
host where it was changed, else to look at it. The range is between the middle half's ends.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import quantiles

from haui.errors import JournalError
from haui.events import Event, RunFinished, RunStarted, TaskFinished
from haui.record.journal import read
from haui.record.state import RunState, TaskView
from haui.record.store import ClusterStore
from haui.step import LANES, Plan, Task

UNKNOWN_SHARE = 0.1
"""An estimate is made while at most this part of the tasks that are left is of unknown steps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Seconds of each step's earlier turns: those that changed a host, and those that looked."""

    changed: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    looked: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @classmethod
    def from_journals(cls, stores: Iterable[ClusterStore]) -> Timings:
        """Of every install on record that ended well. A journal that can't be read has none."""
        changed: dict[str, list[float]] = {}
        looked: dict[str, list[float]] = {}
        for store in stores:
            for turn in _good_turns(store):
                kind = changed if turn.outcome == "ok" else looked
                kind.setdefault(turn.step, []).append(turn.seconds)
        return cls(
            changed={step: tuple(seconds) for step, seconds in changed.items()},
            looked={step: tuple(seconds) for step, seconds in looked.items()},
        )

    def of(self, step: str) -> tuple[float, ...]:
        """The seconds that count for a step that is to be done; empty when nothing is known."""
        return self.changed.get(step) or self.looked.get(step, ())


def remaining(
    plan: Plan, state: RunState, timings: Timings, now: datetime
) -> tuple[float, float] | None:
    """The least and the most seconds that are likely left; None when too little is known.

    The plan is played through: each host one step after the other, what needs others after them,
    lanes as wide as they are. A task whose host was left out or that was skipped takes no time.
    """
    left = [task for task in plan.tasks if _is_left(_view(state, task))]
    known = {task.step.id: timings.of(task.step.id) for task in left}
    unknown = sum(not known[task.step.id] for task in left)
    if unknown > UNKNOWN_SHARE * len(left):
        return None
    ranges = {step: _middle(seconds) for step, seconds in known.items()}
    least, most = (
        _played(left, {step: pair[end] for step, pair in ranges.items()}, state, now)
        for end in (0, 1)
    )
    return least, most


def _good_turns(store: ClusterStore) -> list[TaskFinished]:
    """The finished tasks of the runs that ended well."""
    try:
        events: Iterable[Event] = read(store.journal_path).events()
    except JournalError:
        return []
    good: list[TaskFinished] = []
    turns: list[TaskFinished] = []
    for event in events:
        match event:
            case RunStarted(resumed=False):
                turns = []
            case TaskFinished(outcome="ok" | "unchanged"):
                turns.append(event)
            case RunFinished(outcome="ok"):
                good += turns
                turns = []
    return good


def _view(state: RunState, task: Task) -> TaskView:
    return state.task(task.host.name, task.step.id)


def _is_left(view: TaskView) -> bool:
    """Whether something of the task is still to come in this session."""
    if view.status in ("running", "waiting"):
        return True
    return not view.proved and view.status not in ("failed", "skipped", "cancelled")


def _middle(seconds: tuple[float, ...]) -> tuple[float, float]:
    """The ends of the middle half; of few values the least and the most."""
    if not seconds:
        return 0.0, 0.0
    if len(seconds) < 4:
        return min(seconds), max(seconds)
    first, _, third = quantiles(seconds, n=4, method="inclusive")
    return first, third


def _played(
    left: list[Task], durations: Mapping[str, float], state: RunState, now: datetime
) -> float:
    """When the last task ends, in seconds from now, if each takes as long as `durations` says."""
    ends: dict[str, float] = {}
    lanes = {name: [0.0] * width for name, width in LANES.items()}
    # What runs has its lane already, whoever stands before it in the plan.
    for task in sorted(left, key=lambda task: _view(state, task).status != "running"):
        view, duration = _view(state, task), durations[task.step.id]
        begins = max((ends.get(need, 0.0) for need in task.needs | task.after), default=0.0)
        if view.status == "running":
            duration = max(duration - _elapsed(view, now), 0.0)
        if task.step.lane is not None:
            begins = max(begins, heapq.heappop(lanes[task.step.lane]))
            heapq.heappush(lanes[task.step.lane], begins + duration)
        ends[task.id] = begins + duration
    return max(ends.values(), default=0.0)


def _elapsed(view: TaskView, now: datetime) -> float:
    """Seconds since the view's status began; none when that is not known."""
    try:
        return max((now - datetime.fromisoformat(view.since)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return 0.0

"""What a run looks like at one moment; how it comes to that is haui.record.reducer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from haui.events import (
    EtcdData,
    Finding,
    Outcome,
    PreflightResult,
    Problem,
    Purpose,
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

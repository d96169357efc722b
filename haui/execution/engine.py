"""What the tasks of one run share, and how a task ends before that is an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from haui.events import Finding, Outcome, Problem
from haui.execution.clock import Clock
from haui.execution.compose import Composer
from haui.execution.connections import Bus, Connections
from haui.execution.controls import Controls
from haui.execution.lanes import Lanes
from haui.spec import ClusterSpec
from haui.step import Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """What all tasks of a run share. `store` keeps an artefact (name, content) on this machine."""

    run_id: str
    spec: ClusterSpec
    connections: Connections
    bus: Bus
    composer: Composer
    lanes: Lanes
    controls: Controls
    clock: Clock
    secrets: Values
    store: Callable[[str, bytes], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How a task ended."""

    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    problem: Problem | None = None
    unreachable: bool = False

    @property
    def good(self) -> bool:
        return self.outcome in ("ok", "unchanged")

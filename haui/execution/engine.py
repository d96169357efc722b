"""What the tasks of one run share, and how a task ends before that is an event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from haui.events import Finding, Outcome, Problem
from haui.evidence import Evidence
from haui.execution.clock import Clock
from haui.execution.compose import Composer
from haui.execution.connections import Bus, Connections
from haui.execution.controls import Controls
from haui.execution.lanes import Lanes
from haui.spec import ClusterSpec
from haui.step import Step, Values


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
    evidence: Evidence = field(default_factory=Evidence)
    operator: str = ""
    """Who lets findings pass that would block."""
    left_out: set[str] = field(default_factory=set)
    """The hosts that the admin has left out of this run."""

    def spec_for(self, step: Step) -> ClusterSpec:
        """The cluster as a step is to see it: what judges the whole does not miss who is left out.

        Steps that write the cluster's hosts down know all of them, for the run that goes on later.
        """
        if not self.left_out or step.phase not in ("workers", "verify"):
            return self.spec
        hosts = tuple(host for host in self.spec.hosts if host.name not in self.left_out)
        return self.spec.model_copy(update={"hosts": hosts})


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
